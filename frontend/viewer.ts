// The result page's viewer: the poster first, then the model, turned by hand or by itself.
import { find, need, reducedMotion, setText } from "./lib/dom";
import { formatPercent } from "./lib/format";
import { type Loaded, loadModel } from "./viewer/model";
import { createModes } from "./viewer/modes";
import { createStage, type Stage } from "./viewer/stage";
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

function show(host: HTMLElement, stage: Stage, model: Loaded): void {
  const modes = createModes(model, stage.maxAnisotropy);
  stage.put(model.root);
  wireToolbar(host, stage, modes);
  stage.onceDrawn(() => reveal(host));
}

async function start(host: HTMLElement): Promise<void> {
  showLoaded(host, null);
  const canvas = need<HTMLCanvasElement>("canvas", host);
  const onContext = (alive: boolean): void => say(host, alive ? "" : LOST);
  const stage = createStage(host, canvas, { autoRotate: !reducedMotion(), onContext });
  show(host, stage, await loadModel(host.dataset["model"] ?? "", (fraction) => showLoaded(host, fraction)));
}

const LOST = "The graphics card dropped the picture. It comes back by itself; if not, reload the page.";
const NO_WEBGL = "This browser cannot draw 3D here (WebGL is off). The film and the pictures below show the model.";
const NO_MODEL = "The model could not be loaded. Reload the page to try again.";

function fail(host: HTMLElement, failure: unknown): void {
  console.error(failure);
  need("[data-viewer-loading]", host).hidden = true;
  host.dataset["ready"] = "false";
  say(host, String(failure).includes("WebGL") ? NO_WEBGL : NO_MODEL);
}

const host = find("[data-viewer]");
if (host) start(host).catch((failure: unknown) => fail(host, failure));
