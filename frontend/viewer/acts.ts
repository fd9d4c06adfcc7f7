/** What buttons and keys of the viewer do, by name. State lives in the buttons' `aria-pressed`, for all to see. */
import { all, find, setText } from "../lib/dom";
import { type Angles, orbitBy, VIEWS } from "./angles";
import { BACKDROPS } from "./backdrop";
import { LIGHTS } from "./light";
import { LIT, type Mode, type Modes } from "./modes";
import type { Ruler } from "./ruler";
import { saveBlob } from "./save";
import type { Stage } from "./stage";

/** Degrees that an arrow key turns, and the factor by which plus and minus change the distance. */
const STEP = 10;
const NEARER = 0.85;

export interface Parts {
  host: HTMLElement;
  stage: Stage;
  modes: Modes;
  ruler: Ruler | null;
}

export type Act = (name: string) => void;

export function press(host: HTMLElement, name: string, on: boolean): void {
  find(`[data-act="${name}"]`, host)?.setAttribute("aria-pressed", String(on));
}

function isPressed(host: HTMLElement, name: string): boolean {
  return find(`[data-act="${name}"]`, host)?.getAttribute("aria-pressed") === "true";
}

export function turn({ host, stage }: Parts, on: boolean): void {
  stage.controls.autoRotate = on;
  press(host, "rotate", on);
}

export function createAct(parts: Parts): Act {
  const acts = { ...surfaceActs(parts), ...sceneActs(parts), ...eyeActs(parts), ...pageActs(parts) };
  return (name) => {
    acts[name]?.();
    parts.stage.invalidate();
  };
}

type Acts = Record<string, () => void>;

function surfaceActs({ host, stage, modes }: Parts): Acts {
  const set = (mode: Mode): void => {
    if (LIT.includes(mode)) stage.needLight();
    modes.set(mode);
    host.dataset["mode"] = mode;
    for (const each of modes.available) press(host, each, each === mode);
    setText(find("[data-viewer-mode]", host), find(`[data-act="${mode}"]`, host)?.textContent ?? mode);
  };
  const wireframe = (): void => toggle(host, "wireframe", modes.wireframe);
  return { ...Object.fromEntries(modes.available.map((mode) => [mode, () => set(mode)])), wireframe };
}

function sceneActs({ host, stage, ruler }: Parts): Acts {
  const light = oneOf(host, "light", LIGHTS, stage.chooseLight);
  const backdrop = oneOf(host, "backdrop", BACKDROPS, (name) => {
    stage.chooseBackdrop(name);
    host.dataset["backdrop"] = name;
  });
  const measures: Acts = ruler
    ? { grid: () => toggle(host, "grid", ruler.showGrid), size: () => toggle(host, "size", ruler.showSize) }
    : {};
  return { ...light, ...backdrop, ...measures };
}

function eyeActs(parts: Parts): Acts {
  const { stage } = parts;
  const orbit = (azimuth: number, elevation: number) => (): void => {
    turn(parts, false);
    orbitBy(stage.camera, stage.controls.target, { azimuth, elevation });
  };
  const lookFrom = (angles: Angles) => (): void => {
    turn(parts, false);
    stage.look(angles);
  };
  const views = Object.entries(VIEWS).map(([name, angles]) => [name, lookFrom(angles)]);
  return {
    ...(Object.fromEntries(views) as Acts),
    rotate: () => turn(parts, !stage.controls.autoRotate),
    reset: () => stage.home(),
    nearer: () => stage.zoom(NEARER),
    farther: () => stage.zoom(1 / NEARER),
    "orbit-left": orbit(-STEP, 0),
    "orbit-right": orbit(STEP, 0),
    "orbit-up": orbit(0, STEP),
    "orbit-down": orbit(0, -STEP),
  };
}

function pageActs({ host, stage }: Parts): Acts {
  const name = host.dataset["name"] ?? "model";
  return {
    fullscreen: () => void toggleFullscreen(host),
    screenshot: () => void stage.snapshot().then((picture) => picture && saveBlob(picture, `${name}.png`)),
    help: () => find<HTMLDialogElement>("[data-viewer-help]", host)?.showModal(),
  };
}

function toggle(host: HTMLElement, name: string, set: (on: boolean) => void): void {
  const on = !isPressed(host, name);
  set(on);
  press(host, name, on);
}

/** Acts `kind:name` that choose one of several, and the act `kind` that goes on to the next. */
function oneOf<T extends string>(
  host: HTMLElement,
  kind: string,
  names: readonly T[],
  choose: (name: T) => void,
): Acts {
  const set = (name: T): void => {
    choose(name);
    for (const each of names) press(host, `${kind}:${each}`, each === name);
  };
  const next = (): void => {
    const now = names.findIndex((name) => isPressed(host, `${kind}:${name}`));
    const following = names[(now + 1) % names.length];
    if (following) set(following);
  };
  return { ...Object.fromEntries(names.map((name) => [`${kind}:${name}`, () => set(name)])), [kind]: next };
}

async function toggleFullscreen(host: HTMLElement): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await host.requestFullscreen?.();
}

/** Buttons of what this model or this browser cannot do are taken away. */
export function hideImpossible({ host, modes, ruler }: Parts): void {
  const possible = new Set<string>(modes.available);
  for (const button of all("[data-act][data-mode]", host)) button.hidden = !possible.has(button.dataset["act"] ?? "");
  for (const name of ["grid", "size"]) find(`[data-act="${name}"]`, host)?.toggleAttribute("hidden", !ruler);
  find('[data-act="fullscreen"]', host)?.toggleAttribute("hidden", !document.fullscreenEnabled);
}
