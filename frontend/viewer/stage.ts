/** Renderer, camera, lights and controls around one model. Draws only changes, and only while visible. */
import { MathUtils, type Object3D, PerspectiveCamera, Plane, Scene, Timer, Vector3, WebGLRenderer } from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { find } from "../lib/dom";
import { type Angles, createGlide, placeCamera } from "./angles";
import { type Backdrop, paintBackdrop } from "./backdrop";
import { createLighting } from "./light";
import { createRotation } from "./rotation";
import { setToneMapping } from "./tone";

/** Field of view of the viewer in degrees, that of the photo's camera. */
export const FIELD_OF_VIEW = 40;
/** Radius that must fit into the view: the model's 1 and a margin. */
const FRAMED_RADIUS = 1.05;
/** The initial view. */
const HOME: Angles = { azimuth: 25, elevation: 12 };

export interface StageOptions {
  /** Whether camera moves may be animated. */
  motion: boolean;
  /** Called with false when the graphics context is lost, with true when it is back. */
  onContext: (alive: boolean) => void;
  /** Called with the canvas height in pixels, initially and when it changes. */
  onResize: (height: number) => void;
}

export type Stage = ReturnType<typeof createStage>;

/** Throws an Error that mentions WebGL if the browser has none. */
export function createStage(host: HTMLElement, canvas: HTMLCanvasElement, options: StageOptions) {
  const renderer = createRenderer(canvas);
  const scene = new Scene();
  const camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 0.01, 50);
  scene.add(camera);
  const controls = createControls(camera, canvas);
  const lighting = createLighting(renderer, scene);
  const glide = createGlide(camera, controls.target);
  const rotation = createRotation(controls);
  const timer = new Timer();
  let backdrop: Backdrop = "page";
  let changed = true;
  let visible = true;
  let alive = true;
  let coveredRight = 0;

  const invalidate = (): void => {
    changed = true;
  };
  const draw = (): void => renderer.render(scene, camera);
  const repaint = (): void => {
    paintBackdrop(scene, backdrop, lighting.surroundings);
    invalidate();
  };

  /** Moves the camera, animated if wanted; grabbing the model stops it. */
  function moveTo(angles: Angles, animated = options.motion): void {
    const distance = distanceFor(host, barHeight(host), coveredRight);
    if (animated) {
      glide.start(angles, distance);
      return;
    }
    controls.target.set(0, 0, 0);
    placeCamera(camera, angles, distance);
    invalidate();
  }

  function resize(): void {
    const { clientWidth: width, clientHeight: height } = host;
    if (width === 0 || height === 0) return;
    renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    const right = Math.min(coveredRight, width / 2);
    camera.setViewOffset(width, height, right / 2, barHeight(host) / 2, width, height); // beside the sheet, above the toolbar
    options.onResize(height);
    if (alive) draw(); // resizing clears the canvas, and the next frame would come too late
  }

  function tick(time: number): void {
    timer.update(time);
    const moved = glide.step(timer.getDelta());
    rotation.step(timer.getDelta());
    if (controls.update(timer.getDelta()) || moved) invalidate();
    if (!changed || !alive) return;
    changed = false;
    draw();
  }

  function run(): void {
    renderer.setAnimationLoop(visible && !document.hidden ? tick : null);
    timer.reset();
  }

  function onContext(now: boolean): void {
    alive = now;
    if (alive) {
      lighting.renew();
      repaint();
    }
    options.onContext(alive);
  }

  /** The current frame as PNG, null if the browser cannot encode it. */
  function snapshot(): Promise<Blob | null> {
    draw(); // the buffer is empty between frames
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }

  /** Renders the model alone from another camera into `target`'s square canvas. */
  function renderFrom(viewpoint: PerspectiveCamera, target: CanvasRenderingContext2D): void {
    const size = target.canvas.width;
    renderer.setPixelRatio(1);
    renderer.setSize(size, size, false);
    renderer.render(scene, viewpoint);
    target.clearRect(0, 0, size, size);
    target.drawImage(canvas, 0, 0);
    resize();
  }

  controls.addEventListener("start", glide.stop);
  new ResizeObserver(resize).observe(host);
  new IntersectionObserver((entries) => {
    visible = entries.at(-1)?.isIntersecting ?? true;
    run();
  }).observe(host);
  document.addEventListener("visibilitychange", run);
  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault();
    onContext(false);
  });
  canvas.addEventListener("webglcontextrestored", () => onContext(true));
  resize();
  moveTo(HOME, false);
  run();

  return {
    controls,
    camera,
    moveTo,
    rotateOnce: rotation.rotateOnce,
    invalidate,
    snapshot,
    renderFrom,
    home: () => moveTo(HOME),
    /** Moves the camera closer (factor below 1) or farther away, within the controls' limits. */
    zoom: (factor: number) => {
      const offset = camera.position.clone().sub(controls.target);
      offset.setLength(MathUtils.clamp(offset.length() * factor, controls.minDistance, controls.maxDistance));
      camera.position.copy(controls.target).add(offset);
    },
    add: (object: Object3D) => {
      scene.add(object);
      invalidate();
    },
    /** Draws immediately: browsers may delay the next frame, for example inside another site's page. */
    draw,
    needLight: () => {
      lighting.need();
      invalidate();
    },
    chooseLight: (light: Parameters<typeof lighting.choose>[0]) => {
      lighting.choose(light);
      repaint();
    },
    chooseBackdrop: (next: Backdrop) => {
      backdrop = next;
      repaint();
    },
    /** Keeps the model clear of a sheet that covers this many pixels at the right. */
    coverRight: (pixels: number) => {
      coveredRight = pixels;
      resize();
    },
    /** Cuts away this fraction of the model, from the photo's side; its depth is that of the scene. */
    cutAway: (fraction: number, depth: number) => {
      const plane = new Plane(new Vector3(0, 0, -1), depth * (0.5 - fraction));
      renderer.clippingPlanes = fraction > 0 ? [plane] : [];
      invalidate();
    },
    isCutAway: (point: Vector3) => renderer.clippingPlanes.some((plane) => plane.distanceToPoint(point) < 0),
    maxAnisotropy: renderer.capabilities.getMaxAnisotropy(),
  };
}

function createRenderer(canvas: HTMLCanvasElement): WebGLRenderer {
  const renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
  setToneMapping(renderer);
  renderer.setClearAlpha(0); // the page's background shows through
  return renderer;
}

function createControls(camera: PerspectiveCamera, canvas: HTMLCanvasElement): OrbitControls {
  const controls = new OrbitControls(camera, canvas);
  canvas.style.touchAction = "pan-y"; // a vertical swipe scrolls the page; sideways and two-finger gestures turn the model
  controls.enableDamping = true;
  controls.dampingFactor = 0.08;
  controls.minDistance = 0.6;
  controls.maxDistance = 8;
  controls.maxTargetRadius = 1.2; // the model cannot be panned out of view
  return controls;
}

/** Height in pixels that the toolbar covers at the bottom. */
function barHeight(host: HTMLElement): number {
  return find("[data-viewer-bar]", host)?.offsetHeight ?? 0;
}

/** Distance at which the model fits the width beside a sheet and the height above the toolbar. */
function distanceFor(host: HTMLElement, bar: number, right: number): number {
  const perPixel = Math.tan(MathUtils.degToRad(FIELD_OF_VIEW / 2)) / (host.clientHeight || 1);
  const tightest = Math.min(host.clientHeight - bar, host.clientWidth - right);
  return FRAMED_RADIUS / Math.sin(Math.atan(perPixel * Math.max(tightest, 1)));
}
