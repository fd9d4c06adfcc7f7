/** A card shows its turntable on hover, focus or touch; one at a time. */
import { find } from "../lib/dom";

let turning: HTMLElement | null = null;
let requested: HTMLElement | null = null;

export function wireTurning(cards: HTMLElement[]): void {
  for (const card of cards) {
    for (const start of ["pointerenter", "focusin"]) card.addEventListener(start, () => void startTurning(card));
    card.addEventListener("focusout", () => stopTurning(card));
    // A touch ends with pointerleave: there the card keeps turning until another one is touched.
    card.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && stopTurning(card));
  }
}

/** The sprite is loaded at the first turn, and shown once it is complete. */
async function startTurning(card: HTMLElement): Promise<void> {
  requested = card;
  const sprite = find<HTMLImageElement>(".card-sprite", card);
  if (!sprite || !(await isLoaded(sprite)) || requested !== card) return;
  turning?.classList.remove("turning");
  card.classList.add("turning");
  turning = card;
}

function isLoaded(sprite: HTMLImageElement): Promise<boolean> {
  sprite.loading = "eager";
  return sprite.decode().then(
    () => true,
    () => false,
  );
}

function stopTurning(card: HTMLElement): void {
  if (requested === card) requested = null;
  card.classList.remove("turning");
}
