// The viewer of a finished model: the poster first, then the model, turned by hand or by itself.
import { find, need, reducedMotion, setText } from "./lib/dom";
import { formatPercent } from "./lib/format";
import { wireAr } from "./viewer/ar";
import { fillCompare } from "./viewer/compare";
import { type Loaded, loadModel } from "./viewer/model";
import { createModes } from "./viewer/modes";
import { createRuler, type Ruler, type SizeMm } from "./viewer/ruler";
import { createStage, FIELD_OF_VIEW, type Stage } from "./viewer/stage";
import { wireToolbar } from "./viewer/toolbar";

function say(host: HTMLElement, sentence: string): void {
  const message = need("[data-viewer-message]", host);
  setText(message, sentence);
  message.hidden = sentence === "";
}

function showLoaded(host: HTMLElement, fraction: number | null): void {
  const bar = need<HTMLProgressElement>("[data-viewer-loading] progress", host);
  if (fraction === null) bar.removeAttribute("value");
  else bar.value = fraction;
  const text = fraction === null ? "Loading the model" : `Loading the model: ${formatPercent(fraction)}`;
  setText(need("[data-viewer-loading] span", host), text);
}

/** The first frame is drawn: the poster and the loading bar go, and tests may look at the canvas. */
function reveal(host: HTMLElement): void {
  need("[data-viewer-loading]", host).hidden = true;
  find("[data-viewer-poster]", host)?.classList.add("is-gone");
  host.dataset["ready"] = "true";
}

/** The report has millimetres along x, y, z with z up; the stage has the picture's right, up, and towards the photo. */
function rulerFor(host: HTMLElement, model: Loaded): Ruler | null {
  const [deep, wide, tall] = JSON.parse(host.dataset["sizeMm"] || "[]") as number[];
  if (!deep || !wide || !tall) return null;
  const sizeMm: SizeMm = [wide, tall, deep];
  return createRuler(model.size, sizeMm);
}

function show(host: HTMLElement, stage: Stage, model: Loaded, ruler: Ruler | null): void {
  const modes = createModes(model, stage.maxAnisotropy);
  stage.put(model.root);
  if (ruler) {
    stage.put(ruler.object);
    setText(find("[data-viewer-square]", host), `Squares of ${ruler.squareMm} mm`);
  }
  wireToolbar({ host, stage, modes, ruler });
  stage.draw();
  reveal(host);
  const compare = find("[data-compare]");
  if (compare) fillCompare(compare, stage, model); // at once: the model still wears its texture
}

async function start(host: HTMLElement): Promise<void> {
  wireAr(host);
  const canvas = need<HTMLCanvasElement>("canvas", host);
  let ruler: Ruler | null = null;
  let height = 1;
  const fit = (): void => ruler?.fit(height, FIELD_OF_VIEW);
  const stage = createStage(host, canvas, {
    motion: !reducedMotion(),
    onContext: (alive) => say(host, alive ? "" : LOST),
    onResize: (now) => {
      height = now;
      fit();
    },
  });
  stage.controls.autoRotate = !reducedMotion();
  const model = await loadModel(host.dataset["model"] ?? "", (fraction) => showLoaded(host, fraction));
  ruler = rulerFor(host, model);
  fit();
  show(host, stage, model, ruler);
}

const LOST = "The graphics card dropped the picture. It comes back by itself; if not, reload the page.";
const NO_WEBGL = "This browser cannot draw 3D here (WebGL is off). The film and the pictures show the model.";
const NO_MODEL = "The model could not be loaded. Reload the page to try again.";

function fail(host: HTMLElement, failure: unknown): void {
  console.error(failure);
  need("[data-viewer-loading]", host).hidden = true;
  host.dataset["ready"] = "false";
  say(host, String(failure).includes("WebGL") ? NO_WEBGL : NO_MODEL);
}

const viewer = find("[data-viewer]");
if (viewer) start(viewer).catch((failure: unknown) => fail(viewer, failure));
