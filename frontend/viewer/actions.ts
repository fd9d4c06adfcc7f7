/** The viewer's actions by name, for buttons and keys. Their state is the buttons' `aria-pressed`. */
import { all, find, setText } from "../lib/dom";
import { type Angles, orbitBy, VIEWS } from "./angles";
import { BACKDROPS } from "./backdrop";
import { LIGHTS } from "./light";
import type { Measure } from "./measure";
import { LIT, type Mode, type Modes } from "./modes";
import type { Ruler } from "./ruler";
import { saveBlob } from "./save";
import type { Stage } from "./stage";

/** Degrees per arrow key, and the factor by which plus and minus change the distance. */
const STEP = 10;
const NEARER = 0.85;

export interface Parts {
  host: HTMLElement;
  stage: Stage;
  modes: Modes;
  ruler: Ruler | null;
  measure: Measure | null;
}

export type Action = (name: string) => void;

export function setPressed(host: HTMLElement, name: string, on: boolean): void {
  find(`[data-act="${name}"]`, host)?.setAttribute("aria-pressed", String(on));
}

function isPressed(host: HTMLElement, name: string): boolean {
  return find(`[data-act="${name}"]`, host)?.getAttribute("aria-pressed") === "true";
}

export function setAutoRotate({ host, stage }: Parts, on: boolean): void {
  stage.controls.autoRotate = on;
  setPressed(host, "rotate", on);
}

export function createAction(parts: Parts): Action {
  const actions = { ...surfaceActions(parts), ...sceneActions(parts), ...cameraActions(parts), ...pageActions(parts) };
  return (name) => {
    actions[name]?.();
    parts.stage.invalidate();
  };
}

type Actions = Record<string, () => void>;

function surfaceActions({ host, stage, modes }: Parts): Actions {
  const set = (mode: Mode): void => {
    if (LIT.includes(mode)) stage.needLight();
    modes.set(mode);
    host.dataset["mode"] = mode;
    for (const other of modes.available) setPressed(host, other, other === mode);
    setText(find("[data-viewer-mode]", host), find(`[data-act="${mode}"]`, host)?.textContent ?? mode);
  };
  const wireframe = (): void => toggle(host, "wireframe", modes.wireframe);
  return { ...Object.fromEntries(modes.available.map((mode) => [mode, () => set(mode)])), wireframe };
}

function sceneActions({ host, stage, ruler, measure }: Parts): Actions {
  const light = exclusiveActions(host, "light", LIGHTS, stage.chooseLight);
  const backdrop = exclusiveActions(host, "backdrop", BACKDROPS, (name) => {
    stage.chooseBackdrop(name);
    host.dataset["backdrop"] = name;
  });
  const measures: Actions = ruler
    ? { grid: () => toggle(host, "grid", ruler.showGrid), size: () => toggle(host, "size", ruler.showSize) }
    : {};
  if (measure) measures["measure"] = () => toggle(host, "measure", measure.enable);
  return { ...light, ...backdrop, ...measures };
}

function cameraActions(parts: Parts): Actions {
  const { stage } = parts;
  const orbit = (azimuth: number, elevation: number) => (): void => {
    setAutoRotate(parts, false);
    orbitBy(stage.camera, stage.controls.target, { azimuth, elevation });
  };
  const lookFrom = (angles: Angles) => (): void => {
    setAutoRotate(parts, false);
    stage.moveTo(angles);
  };
  const views = Object.entries(VIEWS).map(([name, angles]) => [name, lookFrom(angles)]);
  return {
    ...(Object.fromEntries(views) as Actions),
    rotate: () => setAutoRotate(parts, !stage.controls.autoRotate),
    reset: () => stage.home(),
    nearer: () => stage.zoom(NEARER),
    farther: () => stage.zoom(1 / NEARER),
    "orbit-left": orbit(-STEP, 0),
    "orbit-right": orbit(STEP, 0),
    "orbit-up": orbit(0, STEP),
    "orbit-down": orbit(0, -STEP),
  };
}

function pageActions({ host, stage }: Parts): Actions {
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
  setPressed(host, name, on);
}

/** Actions `kind:name` that choose one of several, and an action `kind` that chooses the next. */
function exclusiveActions<T extends string>(
  host: HTMLElement,
  kind: string,
  names: readonly T[],
  choose: (name: T) => void,
): Actions {
  const set = (name: T): void => {
    choose(name);
    for (const other of names) setPressed(host, `${kind}:${other}`, other === name);
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

/** Hides the buttons that this model or browser does not support. */
export function hideUnsupported({ host, modes, ruler }: Parts): void {
  const possible = new Set<string>(modes.available);
  for (const button of all("[data-act][data-mode]", host)) button.hidden = !possible.has(button.dataset["act"] ?? "");
  for (const name of ["grid", "size", "measure"]) find(`[data-act="${name}"]`, host)?.toggleAttribute("hidden", !ruler);
  find('[data-act="fullscreen"]', host)?.toggleAttribute("hidden", !document.fullscreenEnabled);
}
