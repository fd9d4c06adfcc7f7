// The home page: passes a chosen photo on to the upload page, and draws a turning mug: shaded on the left, wireframe on the right.

import { drawSplit } from "./home/draw";
import { mug } from "./home/mug";
import { wirePhotos } from "./home/photos";
import { find, reducedMotion } from "./lib/dom";

/** Milliseconds for one full turn. */
const TURN_MS = 16_000;
/** Radians at the start: the handle comes towards the viewer on the right. */
const START = -0.9;

function start(canvas: HTMLCanvasElement): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const mesh = mug();
  const still = reducedMotion();
  const draw = (time: number): void => {
    drawSplit(context, mesh, START + (2 * Math.PI * time) / TURN_MS);
    if (!still) requestAnimationFrame(draw);
  };
  if (still) new ResizeObserver(() => draw(0)).observe(canvas);
  else draw(0);
}

const hero = find<HTMLCanvasElement>("[data-hero]");
if (hero) start(hero);
const drop = find("[data-home-drop]");
if (drop) wirePhotos(drop);
