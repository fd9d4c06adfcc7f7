import assert from "node:assert/strict";
import { test } from "node:test";
import { Vector3 } from "three";
import { moveInDepth } from "./depth";

const VIEW = { position: new Vector3(0, 0, 2), forward: new Vector3(0, 0, -1), distance: 2 };

test("a vertex at the target stays, others move along their ray", () => {
  const moved = moveInDepth(Float32Array.of(0, 0, 0, 0.5, 0.25, 1), VIEW, 1.5);
  assert.deepEqual([...moved], [0, 0, 0, 0.25, 0.125, 1.5]);
});

test("a factor of 1 changes nothing", () => {
  const positions = Float32Array.of(0.3, -0.2, 0.7);
  for (const [i, value] of moveInDepth(positions, VIEW, 1).entries())
    assert.ok(Math.abs(value - (positions[i] ?? Number.NaN)) < 1e-6);
});
