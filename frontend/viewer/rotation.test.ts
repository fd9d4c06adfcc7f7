import assert from "node:assert/strict";
import { test } from "node:test";
import { createRotation, SPEED } from "./rotation";

/** Frames of 50 ms for `seconds`; returns how far the model turned. */
function turns(controls: { autoRotate: boolean; autoRotateSpeed: number }, step: (s: number) => void, seconds: number) {
  let turned = 0;
  for (let frame = 0; frame < seconds * 20; frame++) {
    step(0.05);
    if (controls.autoRotate) turned += (controls.autoRotateSpeed / 60) * 0.05;
  }
  return turned;
}

test("a single turn ends where it began and says so once", () => {
  const controls = { autoRotate: false, autoRotateSpeed: 0 };
  const rotation = createRotation(controls);
  let ends = 0;
  rotation.rotateOnce(() => ends++);
  assert.ok(Math.abs(turns(controls, rotation.step, 60) - 1) < 0.01);
  assert.equal(controls.autoRotate, false);
  assert.equal(ends, 1);
});

test("rotation that a person starts has no end, even during the single turn", () => {
  const controls = { autoRotate: false, autoRotateSpeed: 0 };
  const rotation = createRotation(controls);
  rotation.rotateOnce();
  turns(controls, rotation.step, 5);
  controls.autoRotate = false;
  turns(controls, rotation.step, 1);
  controls.autoRotate = true;
  assert.ok(Math.abs(turns(controls, rotation.step, 60) - SPEED) < 0.01);
});
