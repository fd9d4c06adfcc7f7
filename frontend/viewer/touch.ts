/** On touch screens a vertical swipe over the model scrolls the page, until the person taps "Turn". */
import { find, need } from "../lib/dom";

const HINT_SHOWN = "reconsite-turn-hint";

export function wireTouch(host: HTMLElement, canvas: HTMLCanvasElement): void {
  const tools = find("[data-viewer-touch]", host);
  if (!tools || !matchMedia("(pointer: coarse)").matches) return;
  const turn = need("[data-viewer-turn]", tools);
  const setFree = (free: boolean): void => {
    canvas.style.touchAction = free ? "none" : "pan-y"; // as in createStage
    turn.setAttribute("aria-pressed", String(free));
  };
  turn.addEventListener("click", () => setFree(turn.getAttribute("aria-pressed") !== "true"));
  tools.hidden = false;
  showHintOnce(need("[data-viewer-touch-hint]", tools), host);
}

function showHintOnce(hint: HTMLElement, host: HTMLElement): void {
  if (isHintShown()) return;
  hint.hidden = false;
  host.addEventListener("pointerdown", () => {
    hint.hidden = true;
  });
}

/** Also remembers it; without storage the hint comes again. */
function isHintShown(): boolean {
  try {
    const shown = localStorage.getItem(HINT_SHOWN) !== null;
    localStorage.setItem(HINT_SHOWN, "1");
    return shown;
  } catch {
    return false;
  }
}
