// Two versions of a model beside each other: whichever is turned, the other follows.
import { all, find, need, reducedMotion, setText } from "./lib/dom";
import { orbitBy } from "./viewer/angles";
import { loadModel } from "./viewer/model";
import { createModes } from "./viewer/modes";
import { createStage, type Stage } from "./viewer/stage";

/** Degrees per arrow key, and the factor by which plus and minus change the distance. */
const STEP = 10;
const NEARER = 0.85;

const KEYS: Record<string, (stage: Stage) => void> = {
  ArrowLeft: (stage) => orbit(stage, -STEP, 0),
  ArrowRight: (stage) => orbit(stage, STEP, 0),
  ArrowUp: (stage) => orbit(stage, 0, STEP),
  ArrowDown: (stage) => orbit(stage, 0, -STEP),
  "+": (stage) => stage.zoom(NEARER),
  "=": (stage) => stage.zoom(NEARER),
  "-": (stage) => stage.zoom(1 / NEARER),
};

function orbit(stage: Stage, azimuth: number, elevation: number): void {
  orbitBy(stage.camera, stage.controls.target, { azimuth, elevation });
}

/** Shows the model of one side. */
async function openSide(host: HTMLElement): Promise<Stage> {
  const canvas = need<HTMLCanvasElement>("canvas", host);
  const stage = createStage(host, canvas, {
    motion: !reducedMotion(),
    onContext: () => undefined,
    onResize: () => undefined,
  });
  const model = await loadModel(host.dataset["model"] ?? "", () => undefined);
  createModes(model, stage.maxAnisotropy); // its texture, which needs no light
  stage.add(model.root);
  stage.draw();
  find("[data-compare-poster]", host)?.remove();
  return stage;
}

/** Makes `other` see its model from where `stage` sees its own, now and after each move. */
function lead(stage: Stage, other: Stage): void {
  stage.controls.addEventListener("change", () => {
    if (stage.camera.position.distanceTo(other.camera.position) < 1e-6) return; // it follows already
    other.camera.position.copy(stage.camera.position);
    other.controls.target.copy(stage.controls.target);
    other.controls.update();
    other.invalidate();
  });
}

function wireKeys(host: HTMLElement, stage: Stage): void {
  host.addEventListener("keydown", (event) => {
    const move = KEYS[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move(stage);
    stage.controls.update(); // tells the other one
    stage.invalidate();
  });
}

async function start(section: HTMLElement): Promise<void> {
  const hosts = all("[data-compare-view]", section);
  const [left, right] = await Promise.all(hosts.map(openSide));
  if (!left || !right) return;
  lead(left, right);
  lead(right, left);
  wireKeys(need("[data-compare-view]", section), left);
  wireKeys(hosts.at(-1) ?? section, right);
  // What the page shows can be read by tests: where each camera is, rounded.
  const report = (): void => {
    for (const [index, stage] of [left, right].entries())
      if (hosts[index])
        hosts[index].dataset["camera"] = stage.camera.position
          .toArray()
          .map((v) => v.toFixed(3))
          .join();
  };
  left.controls.addEventListener("change", report);
  right.controls.addEventListener("change", report);
  report();
  section.dataset["ready"] = "true";
}

function fail(section: HTMLElement, failure: unknown): void {
  console.error(failure);
  section.dataset["ready"] = "false";
  for (const message of all("[data-compare-message]", section)) {
    setText(message, "The models could not be shown in 3D. The pictures show both versions.");
    message.hidden = false;
  }
}

const versions = need("[data-compare-versions]");
start(versions).catch((failure: unknown) => fail(versions, failure));
