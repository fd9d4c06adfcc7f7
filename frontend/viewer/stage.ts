/** Renderer, camera, lights and controls around one model. Draws only what changed, and only while it can be seen. */
import { DirectionalLight, HemisphereLight, NoToneMapping, type Object3D, PerspectiveCamera, Scene, Timer, WebGLRenderer } from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { type Angles, placeAt } from "./angles";

/** The photo's camera has this field of view (degrees), and so has the viewer. */
const FIELD_OF_VIEW = 40;
/** At this distance the bounding sphere of radius 1 just fits, with a margin. */
const DISTANCE = 3.05;
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
    placeAt(camera, angles, distanceFor(camera));
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
    camera.updateProjectionMatrix();
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
  const sky = new HemisphereLight(0xffffff, 0xb5b0a8, 1.9);
  const key = new DirectionalLight(0xffffff, 1.5);
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

/** A narrow view must stand further back to hold the whole model. */
function distanceFor(camera: PerspectiveCamera): number {
  return DISTANCE / Math.min(1, camera.aspect);
}
