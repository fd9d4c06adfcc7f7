/** Buttons and keys of the viewer. Keys work while the focus is in the viewer, so that they steal nothing from the page. */
import { all, find } from "../lib/dom";
import { orbitBy, VIEWS } from "./angles";
import { MODES, type Mode, type Modes } from "./modes";
import type { Stage } from "./stage";

const STEP = 10;

export function wireToolbar(host: HTMLElement, stage: Stage, modes: Modes): void {
  const act = actions(host, stage, modes);
  for (const button of all("[data-act]", host)) button.addEventListener("click", () => act(button.dataset["act"] ?? ""));
  host.addEventListener("keydown", (event) => onKey(event, act));
  host.addEventListener("fullscreenchange", () => press(host, "fullscreen", document.fullscreenElement === host));
  // Taking hold of the model stops it from turning away.
  stage.controls.addEventListener("start", () => turn(host, stage, false));
  press(host, "rotate", stage.controls.autoRotate);
  press(host, "texture", true);
}

function press(host: HTMLElement, name: string, on: boolean): void {
  find(`[data-act="${name}"]`, host)?.setAttribute("aria-pressed", String(on));
}

function isPressed(host: HTMLElement, name: string): boolean {
  return find(`[data-act="${name}"]`, host)?.getAttribute("aria-pressed") === "true";
}

function turn(host: HTMLElement, stage: Stage, on: boolean): void {
  stage.controls.autoRotate = on;
  press(host, "rotate", on);
}

type Act = (name: string) => void;

function actions(host: HTMLElement, stage: Stage, modes: Modes): Act {
  const setMode = (mode: Mode): void => {
    modes.set(mode);
    host.dataset["mode"] = mode;
    MODES.forEach((each) => press(host, each, each === mode));
  };
  const setWireframe = (on: boolean): void => (modes.wireframe(on), press(host, "wireframe", on));
  const view = (name: string): void => (turn(host, stage, false), stage.look(VIEWS[name]!));
  const orbit = (azimuth: number, elevation: number): void => {
    turn(host, stage, false);
    orbitBy(stage.camera, stage.controls.target, { azimuth, elevation });
  };
  const others: Record<string, () => void> = {
    rotate: () => turn(host, stage, !stage.controls.autoRotate),
    wireframe: () => setWireframe(!isPressed(host, "wireframe")),
    reset: () => stage.home(),
    fullscreen: () => void toggleFullscreen(host),
    screenshot: () => screenshot(stage.canvas, host.dataset["name"] ?? "model"),
    "orbit-left": () => orbit(-STEP, 0),
    "orbit-right": () => orbit(STEP, 0),
    "orbit-up": () => orbit(0, STEP),
    "orbit-down": () => orbit(0, -STEP),
  };
  return (name) => {
    if (name in VIEWS) view(name);
    else if ((MODES as readonly string[]).includes(name)) setMode(name as Mode);
    else others[name]?.();
    stage.invalidate();
  };
}

const KEYS: Record<string, string> = {
  "1": "front", "2": "right", "3": "back", "4": "left", "5": "top",
  t: "texture", l: "lit", c: "clay", n: "normals", w: "wireframe", a: "rotate", r: "reset", f: "fullscreen", s: "screenshot",
  ArrowLeft: "orbit-left", ArrowRight: "orbit-right", ArrowUp: "orbit-up", ArrowDown: "orbit-down",
};

function onKey(event: KeyboardEvent, act: Act): void {
  const name = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act(name);
}

async function toggleFullscreen(host: HTMLElement): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await host.requestFullscreen?.();
}

function screenshot(canvas: HTMLCanvasElement, name: string): void {
  canvas.toBlob((blob) => {
    if (!blob) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${name}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }, "image/png");
}
