/** Renderer, camera, light and controls around one model. Draws only what changed, and only while it can be seen. */
import { MathUtils, NeutralToneMapping, type Object3D, PerspectiveCamera, Scene, Timer, WebGLRenderer } from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { find } from "../lib/dom";
import { type Angles, createGlide, placeAt } from "./angles";
import { type Backdrop, paintBackdrop } from "./backdrop";
import { createLighting } from "./light";

/** The photo's camera has this field of view (degrees), and so has the viewer. */
export const FIELD_OF_VIEW = 40;
/** Radius of what must fit into the view: the model's 1 and a margin. */
const FRAMED = 1.05;
const HOME: Angles = { azimuth: 25, elevation: 12 };

export interface StageOptions {
  /** Whether moves of the eye may be animated. */
  motion: boolean;
  /** Called with false when the graphics context is lost, with true when it is back. */
  onContext: (alive: boolean) => void;
  /** Called with the picture's height in pixels, at the start and when it changes. */
  onResize: (height: number) => void;
}

export type Stage = ReturnType<typeof createStage>;

/** Throws an Error that names WebGL where the browser has none. */
export function createStage(host: HTMLElement, canvas: HTMLCanvasElement, options: StageOptions) {
  const renderer = createRenderer(canvas);
  const scene = new Scene();
  const camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 0.01, 50);
  scene.add(camera);
  const controls = createControls(camera, canvas);
  const lighting = createLighting(renderer, scene);
  const glide = createGlide(camera, controls.target);
  const timer = new Timer();
  let backdrop: Backdrop = "page";
  let changed = true;
  let visible = true;
  let alive = true;

  const invalidate = (): void => {
    changed = true;
  };
  const draw = (): void => renderer.render(scene, camera);
  const repaint = (): void => {
    paintBackdrop(scene, backdrop, lighting.surroundings);
    invalidate();
  };

  /** Moves the eye there; the controls rest meanwhile. */
  function look(angles: Angles, animated = options.motion): void {
    const distance = distanceFor(host, barHeight(host));
    if (animated) {
      glide.start(angles, distance);
      return;
    }
    controls.target.set(0, 0, 0);
    placeAt(camera, angles, distance);
    invalidate();
  }

  function resize(): void {
    const { clientWidth: width, clientHeight: height } = host;
    if (width === 0 || height === 0) return;
    renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    camera.setViewOffset(width, height, 0, barHeight(host) / 2, width, height); // the model stands above the toolbar
    options.onResize(height);
    if (alive) draw(); // a new size empties the picture, and the next frame would come too late
  }

  function tick(time: number): void {
    timer.update(time);
    const moved = glide.step(timer.getDelta());
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

  /** The picture of this moment as PNG, null when the browser makes none. */
  function snapshot(): Promise<Blob | null> {
    draw(); // the buffer is empty between frames
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }

  /** Draws the model alone, as another eye sees it, into `pen`'s square canvas. */
  function shoot(eye: PerspectiveCamera, pen: CanvasRenderingContext2D): void {
    const size = pen.canvas.width;
    renderer.setPixelRatio(1);
    renderer.setSize(size, size, false);
    renderer.render(scene, eye);
    pen.clearRect(0, 0, size, size);
    pen.drawImage(canvas, 0, 0);
    resize();
  }

  controls.addEventListener("start", glide.stop);
  new ResizeObserver(resize).observe(host);
  new IntersectionObserver((seen) => {
    visible = seen.at(-1)?.isIntersecting ?? true;
    run();
  }).observe(host);
  document.addEventListener("visibilitychange", run);
  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault();
    onContext(false);
  });
  canvas.addEventListener("webglcontextrestored", () => onContext(true));
  resize();
  look(HOME, false);
  run();

  return {
    controls,
    camera,
    look,
    invalidate,
    snapshot,
    shoot,
    home: () => look(HOME),
    /** Brings the eye nearer (below 1) or takes it back, within the controls' limits. */
    zoom: (factor: number) => {
      const arm = camera.position.clone().sub(controls.target);
      arm.setLength(MathUtils.clamp(arm.length() * factor, controls.minDistance, controls.maxDistance));
      camera.position.copy(controls.target).add(arm);
    },
    put: (object: Object3D) => {
      scene.add(object);
      invalidate();
    },
    /** Draws now: the browser may hold the next frame back, as it does inside another site's page. */
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
    maxAnisotropy: renderer.capabilities.getMaxAnisotropy(),
  };
}

function createRenderer(canvas: HTMLCanvasElement): WebGLRenderer {
  const renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
  renderer.toneMapping = NeutralToneMapping; // for the lit modes; it keeps the colours of what is evenly lit
  renderer.setClearAlpha(0); // the page's own backdrop shows through
  return renderer;
}

function createControls(camera: PerspectiveCamera, canvas: HTMLCanvasElement): OrbitControls {
  const controls = new OrbitControls(camera, canvas);
  controls.enableDamping = true;
  controls.dampingFactor = 0.08;
  controls.autoRotateSpeed = 3;
  controls.minDistance = 0.6;
  controls.maxDistance = 8;
  controls.maxTargetRadius = 1.2; // the model cannot be pushed out of sight
  return controls;
}

/** Height in pixels that the toolbar takes from the bottom. */
function barHeight(host: HTMLElement): number {
  return find("[data-viewer-bar]", host)?.offsetHeight ?? 0;
}

/** Distance from which the model fits both the width and what the toolbar leaves of the height. */
function distanceFor(host: HTMLElement, bar: number): number {
  const perPixel = Math.tan(MathUtils.degToRad(FIELD_OF_VIEW / 2)) / (host.clientHeight || 1);
  const tightest = Math.min(host.clientHeight - bar, host.clientWidth);
  return FRAMED / Math.sin(Math.atan(perPixel * Math.max(tightest, 1)));
}
