/** Renderer, camera, lights and controls around one model. Draws only what changed, and only while it can be seen. */
import {
  DirectionalLight,
  HemisphereLight,
  MathUtils,
  NoToneMapping,
  type Object3D,
  PerspectiveCamera,
  Scene,
  Timer,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { find } from "../lib/dom";
import { type Angles, placeAt } from "./angles";

/** The photo's camera has this field of view (degrees), and so has the viewer. */
const FIELD_OF_VIEW = 40;
/** Radius of what must fit into the view: the model's 1 and a margin. */
const FRAMED = 1.05;
const HOME: Angles = { azimuth: 25, elevation: 12 };

export interface StageOptions {
  autoRotate: boolean;
  /** Called with false when the graphics context is lost, with true when it is back. */
  onContext: (alive: boolean) => void;
}

export type Stage = ReturnType<typeof createStage>;

/** Throws an Error that names WebGL where the browser has none. */
export function createStage(host: HTMLElement, canvas: HTMLCanvasElement, options: StageOptions) {
  const renderer = createRenderer(canvas);
  const scene = createScene();
  const camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 0.01, 50);
  const controls = createControls(camera, canvas);
  const timer = new Timer();
  let changed = true;
  let visible = true;
  let afterDraw: (() => void) | null = null;

  const invalidate = (): void => void (changed = true);
  const look = (angles: Angles): void => {
    placeAt(camera, angles, distanceFor(host, barHeight(host)));
    controls.target.set(0, 0, 0);
    controls.update();
    invalidate();
  };

  function resize(): void {
    const { clientWidth: width, clientHeight: height } = host;
    if (width === 0 || height === 0) return;
    renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    camera.setViewOffset(width, height, 0, barHeight(host) / 2, width, height); // the model stands above the toolbar
    invalidate();
  }

  function tick(time: number): void {
    timer.update(time);
    if (controls.update(timer.getDelta())) invalidate();
    if (!changed || scene.children.length === LIGHTS) return;
    changed = false;
    renderer.render(scene, camera);
    afterDraw?.();
    afterDraw = null;
  }

  function run(): void {
    renderer.setAnimationLoop(visible && !document.hidden ? tick : null);
    timer.reset();
  }

  controls.autoRotate = options.autoRotate;
  new ResizeObserver(resize).observe(host);
  new IntersectionObserver(([entry]) => ((visible = entry?.isIntersecting ?? true), run())).observe(host);
  document.addEventListener("visibilitychange", run);
  canvas.addEventListener("webglcontextlost", (event) => (event.preventDefault(), options.onContext(false)));
  canvas.addEventListener("webglcontextrestored", () => (options.onContext(true), invalidate()));
  resize();
  look(HOME);
  run();

  return {
    canvas,
    controls,
    camera,
    look,
    invalidate,
    home: () => look(HOME),
    put: (object: Object3D) => (scene.add(object), invalidate()),
    onceDrawn: (then: () => void) => (invalidate(), (afterDraw = then)),
    maxAnisotropy: renderer.capabilities.getMaxAnisotropy(),
  };
}

function createRenderer(canvas: HTMLCanvasElement): WebGLRenderer {
  // The buffer is kept so that a screenshot can be taken at any moment.
  const renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true, preserveDrawingBuffer: true });
  renderer.toneMapping = NoToneMapping;
  renderer.setClearAlpha(0); // the page's own backdrop shows through
  return renderer;
}

const LIGHTS = 3;

/** Lights for the lit modes only; together they stay near the brightness of the unlit texture. */
function createScene(): Scene {
  const scene = new Scene();
  const sky = new HemisphereLight(0xffffff, 0x8d8a85, 2.2);
  const key = new DirectionalLight(0xffffff, 1.6);
  const rim = new DirectionalLight(0xdfe9ff, 0.6);
  key.position.set(2, 3, 4);
  rim.position.set(-3, 1, -3);
  scene.add(sky, key, rim);
  return scene;
}

function createControls(camera: PerspectiveCamera, canvas: HTMLCanvasElement): OrbitControls {
  const controls = new OrbitControls(camera, canvas);
  controls.enableDamping = true;
  controls.dampingFactor = 0.08;
  controls.autoRotateSpeed = 3;
  controls.minDistance = 0.6;
  controls.maxDistance = 8;
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
