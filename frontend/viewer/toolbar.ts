/** Buttons, menus and keys of the viewer. Keys work only while the viewer has focus. */
import { all, find, need, reducedMotion } from "../lib/dom";
import { type Action, createAction, hideUnsupported, type Parts, setAutoRotate, setPressed } from "./actions";

/** As in viewer.css: the width below which menus are sheets at the lower edge of the window. */
const PHONE = "(max-width: 575.98px)";

export function wireToolbar(parts: Parts): Action {
  const { host, stage } = parts;
  const run = createAction(parts);
  hideUnsupported(parts);
  for (const button of all("[data-act]", host))
    button.addEventListener("click", () => run(button.dataset["act"] ?? ""));
  for (const button of all("[data-menu]", host)) wireMenu(parts, button);
  host.addEventListener("keydown", (event) => onKey(event, run));
  host.addEventListener("fullscreenchange", () => setPressed(host, "fullscreen", document.fullscreenElement === host));
  // Grabbing the model stops its rotation.
  stage.controls.addEventListener("start", () => setAutoRotate(parts, false));
  setPressed(host, "rotate", stage.controls.autoRotate);
  wireHelp(host);
  return run;
}

/**
 * A button that opens the sheet named in `data-menu`; a click elsewhere and Escape close it. What is docked beside the model
 * stays while the person works on the model.
 */
function wireMenu({ host, stage }: Parts, button: HTMLElement): void {
  const sheet = need(`#${button.dataset["menu"]}`, host);
  const show = (open: boolean): void => {
    sheet.classList.toggle("is-open", open);
    button.setAttribute("aria-expanded", String(open));
    if (open && matchMedia(PHONE).matches) showAtTheBottom(host, sheet);
    else sheet.removeAttribute("popover");
    if (sheet.matches(".viewer-sheet")) stage.coverRight(open && !sheet.popover ? sheet.offsetWidth : 0);
  };
  button.addEventListener("click", (event) => {
    show(!sheet.classList.contains("is-open"));
    const opened = event.detail === 0 && sheet.classList.contains("is-open"); // by the keyboard
    if (opened) find<HTMLButtonElement>("button:not([hidden])", sheet)?.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    const target = event.target as Element;
    const isDocked = sheet.matches(".viewer-sheet") && !sheet.popover;
    const own = isDocked && !target.closest("[data-menu]") ? [host] : [sheet, button];
    if (!own.some((part) => part.contains(target))) show(false);
  });
  host.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !sheet.classList.contains("is-open")) return;
    show(false);
    button.focus();
  });
}

/** Opens the sheet at the lower edge of the window, below the model. */
function showAtTheBottom(host: HTMLElement, sheet: HTMLElement): void {
  sheet.popover = "manual";
  sheet.showPopover();
  host.scrollIntoView({ block: "start", behavior: reducedMotion() ? "instant" : "smooth" });
}

function wireHelp(host: HTMLElement): void {
  const help = find<HTMLDialogElement>("[data-viewer-help]", host);
  help?.addEventListener("click", (event) => event.target === help && help.close());
}

const KEYS: Record<string, string> = {
  "1": "front",
  "2": "right",
  "3": "back",
  "4": "left",
  "5": "top",
  t: "texture",
  l: "lit",
  c: "clay",
  m: "matcap",
  n: "normals",
  u: "uv",
  v: "seen",
  w: "wireframe",
  e: "light",
  b: "backdrop",
  g: "grid",
  d: "size",
  p: "measure",
  a: "rotate",
  r: "reset",
  f: "fullscreen",
  s: "screenshot",
  "?": "help",
  "+": "nearer",
  "=": "nearer",
  "-": "farther",
  ArrowLeft: "orbit-left",
  ArrowRight: "orbit-right",
  ArrowUp: "orbit-up",
  ArrowDown: "orbit-down",
};

function onKey(event: KeyboardEvent, run: Action): void {
  const name = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const hasOwnKeys = (event.target as Element).closest("dialog, input");
  if (!name || hasOwnKeys || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  run(name);
}
