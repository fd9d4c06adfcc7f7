import assert from "node:assert/strict";
import { test } from "node:test";
import { next } from "./arrow_keys";

test("arrow keys move by one and go round at the ends", () => {
  assert.deepEqual(
    [next("ArrowRight", 0, 3), next("ArrowLeft", 0, 3), next("ArrowDown", 2, 3), next("ArrowUp", 2, 3)],
    [1, 2, 0, 1],
  );
});

test("Home and End lead to the first and the last item", () => {
  assert.deepEqual([next("Home", 2, 5), next("End", 2, 5)], [0, 4]);
});
