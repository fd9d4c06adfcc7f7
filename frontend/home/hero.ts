/** The model at the top of the home page: a poster, then a strip of pictures that turns, and on demand the viewer. */
import { need, reducedMotion } from "../lib/dom";

export function wireHero(hero: HTMLElement): void {
  const open = need<HTMLButtonElement>("[data-hero-open]", hero);
  open.hidden = false;
  open.addEventListener("click", () => void openModel(hero, open));
  if (!reducedMotion()) window.addEventListener("load", () => void turn(hero));
}

/** Loads the strip after everything else on the page; the poster stays until it is complete. */
async function turn(hero: HTMLElement): Promise<void> {
  const strip = new Image();
  strip.src = hero.dataset["turn"] ?? "";
  const isLoaded = await strip.decode().then(
    () => true,
    () => false,
  );
  const place = need("[data-hero-turn]", hero);
  if (!isLoaded || hero.dataset["open"]) return;
  place.style.backgroundImage = `url("${strip.src}")`;
  place.hidden = false;
  need("[data-hero-poster]", hero).style.visibility = "hidden";
}

async function openModel(hero: HTMLElement, button: HTMLButtonElement): Promise<void> {
  button.disabled = true;
  const canvas = need<HTMLCanvasElement>("[data-hero-canvas]", hero);
  try {
    const { showModel } = await import("./hero_model");
    canvas.hidden = false;
    await showModel(hero, canvas, hero.dataset["model"] ?? "");
  } catch (failure) {
    console.error(failure);
    canvas.hidden = true; // the pictures stay
    button.hidden = true;
    return;
  }
  hero.dataset["open"] = "true";
  need("[data-hero-turn]", hero).hidden = true;
  need("[data-hero-poster]", hero).style.visibility = "hidden";
  button.hidden = true;
  canvas.focus({ focusVisible: false } as FocusOptions);
}
