// The viewer of a finished model: the poster first, then the model.
import { MathUtils } from "three";
import { find, need, reducedMotion, setText } from "./lib/dom";
import { formatPercent } from "./lib/format";
import { setPressed } from "./viewer/actions";
import { wireAr } from "./viewer/ar";
import { fillCompare } from "./viewer/compare";
import { wireDepth } from "./viewer/depth";
import { createMeasure, type Measure } from "./viewer/measure";
import { type Loaded, loadModel } from "./viewer/model";
import { createModes } from "./viewer/modes";
import { createRuler, type Ruler, type SizeMm } from "./viewer/ruler";
import { createStage, FIELD_OF_VIEW, type Stage } from "./viewer/stage";
import { wireToolbar } from "./viewer/toolbar";
import { wireTouch } from "./viewer/touch";

function showMessage(host: HTMLElement, text: string): void {
  const message = need("[data-viewer-message]", host);
  setText(message, text);
  message.hidden = text === "";
}

function showProgress(host: HTMLElement, fraction: number | null): void {
  const bar = need<HTMLProgressElement>("[data-viewer-loading] progress", host);
  if (fraction === null) bar.removeAttribute("value");
  else bar.value = fraction;
  const text = fraction === null ? "Loading model" : `Loading model: ${formatPercent(fraction)}`;
  setText(need("[data-viewer-loading] span", host), text);
}

/** Removes the poster and the loading bar once the first frame is drawn. */
function reveal(host: HTMLElement): void {
  need("[data-viewer-loading]", host).hidden = true;
  find("[data-viewer-poster]", host)?.classList.add("is-gone");
  host.dataset["ready"] = "true";
}

/** The report has millimetres along x, y, z with z up; the scene's axes are the photo's right, up, and towards its camera. */
function rulerFor(host: HTMLElement, model: Loaded): Ruler | null {
  const [depth, width, modelHeight] = JSON.parse(host.dataset["sizeMm"] || "[]") as number[];
  if (!depth || !width || !modelHeight) return null;
  const sizeMm: SizeMm = [width, modelHeight, depth];
  return createRuler(model.size, sizeMm);
}

function measureOf(host: HTMLElement, stage: Stage, model: Loaded, ruler: Ruler): Measure {
  const output = find("[data-viewer-measured]", host);
  const canvas = need<HTMLCanvasElement>("canvas", host);
  const measure = createMeasure(stage, canvas, model.root, ruler.mmPerUnit, (text) => setText(output, text));
  stage.add(measure.object);
  return measure;
}

/** The slider that cuts the model open. */
function wireCut(host: HTMLElement, stage: Stage, model: Loaded): void {
  const range = need<HTMLInputElement>("[data-viewer-cut]", host);
  range.addEventListener("input", () => {
    range.setAttribute("aria-valuetext", `${range.value}% cut away`);
    stage.cutAway(Number(range.value) / 100, model.size.z);
  });
}

/** The form "Use this view" says from where the model is seen; it may be replaced after it was sent. */
function wireAzimuth(stage: Stage): void {
  const fill = (): void => {
    const field = find<HTMLInputElement>("[data-viewer-azimuth]");
    if (field) field.value = String(Math.round(MathUtils.radToDeg(stage.controls.getAzimuthalAngle())));
  };
  document.addEventListener("submit", fill, { capture: true }); // before the form's data is read
}

function show(host: HTMLElement, stage: Stage, model: Loaded, ruler: Ruler | null): void {
  const modes = createModes(model, stage.maxAnisotropy);
  stage.add(model.root);
  if (ruler) {
    stage.add(ruler.object);
    setText(find("[data-viewer-square]", host), `${ruler.squareMm} mm grid`);
  }
  const measure = ruler && measureOf(host, stage, model, ruler);
  rotate(host, stage);
  const run = wireToolbar({ host, stage, modes, ruler, measure });
  wireCut(host, stage, model);
  wireAzimuth(stage);
  if (host.dataset["background"]) run(`backdrop:${host.dataset["background"]}`);
  stage.draw();
  reveal(host);
  const compare = find("[data-compare]");
  if (compare) fillCompare(compare, stage, model); // now, while the model shows its texture
  const depth = find<HTMLInputElement>("[data-depth]");
  if (compare && depth) wireDepth(depth, compare, stage, model);
}

async function start(host: HTMLElement): Promise<void> {
  wireAr(host);
  const canvas = need<HTMLCanvasElement>("canvas", host);
  let ruler: Ruler | null = null;
  let height = 1;
  const fit = (): void => ruler?.fit(height, FIELD_OF_VIEW);
  const stage = createStage(host, canvas, {
    motion: !reducedMotion(),
    onContext: (alive) => showMessage(host, alive ? "" : CONTEXT_LOST),
    onResize: (now) => {
      height = now;
      fit();
    },
  });
  wireTouch(host, canvas);
  const model = await loadModel(host.dataset["model"] ?? "", (fraction) => showProgress(host, fraction));
  ruler = rulerFor(host, model);
  fit();
  show(host, stage, model, ruler);
}

/** One turn by itself, unless an embedding site chose. */
function rotate(host: HTMLElement, { controls, rotateOnce }: Stage): void {
  const { autorotate } = host.dataset;
  if (autorotate) controls.autoRotate = autorotate === "1";
  else if (!reducedMotion()) rotateOnce(() => setPressed(host, "rotate", false));
}

const CONTEXT_LOST = "The graphics card was reset. The view should come back by itself. If not, reload the page.";
const NO_WEBGL = "This browser can't show 3D because WebGL is off. The video and images show the model too.";
const NO_MODEL = "The model could not be loaded. Reload the page to try again.";

function fail(host: HTMLElement, failure: unknown): void {
  console.error(failure);
  need("[data-viewer-loading]", host).hidden = true;
  host.dataset["ready"] = "false";
  showMessage(host, String(failure).includes("WebGL") ? NO_WEBGL : NO_MODEL);
}

const viewer = find("[data-viewer]");
if (viewer) start(viewer).catch((failure: unknown) => fail(viewer, failure));
