/** A card turns under the pointer, the keyboard's focus or a finger; one at a time. */
import { find } from "../lib/dom";

let turning: HTMLElement | null = null;
let wanted: HTMLElement | null = null;

export function wireTurning(cards: HTMLElement[]): void {
  for (const card of cards) {
    for (const start of ["pointerenter", "focusin"]) card.addEventListener(start, () => void turn(card));
    card.addEventListener("focusout", () => rest(card));
    // A finger leaves as soon as it is lifted: there the card goes on until another one is touched.
    card.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && rest(card));
  }
}

/** The strip of frames is asked for at the first turn, and shown once it is whole. */
async function turn(card: HTMLElement): Promise<void> {
  wanted = card;
  const sprite = find<HTMLImageElement>(".card-sprite", card);
  if (!sprite || !(await isWhole(sprite)) || wanted !== card) return;
  turning?.classList.remove("turning");
  card.classList.add("turning");
  turning = card;
}

function isWhole(sprite: HTMLImageElement): Promise<boolean> {
  sprite.loading = "eager";
  return sprite.decode().then(
    () => true,
    () => false,
  );
}

function rest(card: HTMLElement): void {
  if (wanted === card) wanted = null;
  card.classList.remove("turning");
}
