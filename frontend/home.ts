// The landing page's picture: a mug turns, painted on the left of the line, its mesh on the right.
import { find, reducedMotion } from "./lib/dom";
import { drawSplit } from "./home/draw";
import { mug } from "./home/mug";

const TURN_MS = 14_000;

function start(canvas: HTMLCanvasElement): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const mesh = mug();
  const still = reducedMotion();
  const draw = (time: number): void => {
    if (canvas.offsetParent !== null) drawSplit(context, mesh, (2 * Math.PI * time) / TURN_MS);
    if (!still) requestAnimationFrame(draw);
  };
  draw(still ? 0.1 * TURN_MS : performance.now());
  if (still) new ResizeObserver(() => draw(0.1 * TURN_MS)).observe(canvas);
}

const canvas = find<HTMLCanvasElement>("[data-hero]");
if (canvas) start(canvas);
