/** Automatic rotation: without an end, or one turn, after which nothing has to be drawn any more. */
import type { OrbitControls } from "three/addons/controls/OrbitControls.js";

/** Turns per minute, the unit of OrbitControls.autoRotateSpeed. */
export const SPEED = 3;
/** The last part of a single turn, in turns, in which it slows down. */
const SLOWING = 0.1;
/** Fraction of the speed at the very end; at 0 the turn would never be complete. */
const SLOWEST = 0.05;

type Rotating = Pick<OrbitControls, "autoRotate" | "autoRotateSpeed">;

export function createRotation(controls: Rotating) {
  let turnsLeft = Number.POSITIVE_INFINITY;
  let whenOver = (): void => undefined;
  controls.autoRotateSpeed = SPEED;

  /** Rotates the model once; `onEnd` is called unless somebody stops it before. */
  function rotateOnce(onEnd = whenOver): void {
    controls.autoRotate = true;
    turnsLeft = 1;
    whenOver = onEnd;
  }

  /** Call it before each frame with the seconds since the last one. */
  function step(seconds: number): void {
    if (!controls.autoRotate) turnsLeft = Number.POSITIVE_INFINITY; // stopped; the next start has no end
    controls.autoRotateSpeed = SPEED * Math.min(1, Math.max(turnsLeft / SLOWING, SLOWEST));
    turnsLeft -= (seconds * controls.autoRotateSpeed) / 60;
    if (turnsLeft > 0) return;
    controls.autoRotate = false;
    whenOver();
  }

  return { rotateOnce, step };
}
