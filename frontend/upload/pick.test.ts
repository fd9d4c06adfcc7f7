import assert from "node:assert/strict";
import { test } from "node:test";
import { pointAfterKey } from "./pick";

test("arrow keys move the point, but not out of the picture", () => {
  assert.deepEqual(pointAfterKey([0.5, 0.5], "ArrowRight"), [0.52, 0.5]);
  assert.deepEqual(pointAfterKey([0.5, 0.01], "ArrowUp"), [0.5, 0]);
  assert.deepEqual(pointAfterKey([1, 1], "ArrowRight"), [1, 1]);
});

test("other keys do not move it", () => {
  assert.equal(pointAfterKey([0.5, 0.5], "a"), null);
});
