import assert from "node:assert/strict";
import { test } from "node:test";
import { boundsOf, boxBetween, gripAt, History, MIN_BOX, movedBox, pulledBox, turnedSize, unrotated } from "./edit";

const picture = { width: 100, height: 80 };
const box = { x: 20, y: 20, width: 40, height: 40 };

test("a box stays inside the picture when it is moved", () => {
  assert.deepEqual(movedBox(box, [500, -500], picture), { x: 60, y: 0, width: 40, height: 40 });
});

test("a box can be drawn from any corner, and has a minimum size", () => {
  assert.deepEqual(boxBetween([60, 70], [10, 30], picture), { x: 10, y: 30, width: 50, height: 40 });
  assert.deepEqual(boxBetween([99, 79], [99, 79], picture), { x: 84, y: 64, width: MIN_BOX, height: MIN_BOX });
});

test("a pointer grabs a nearby edge, inside the box all of it, outside nothing", () => {
  assert.deepEqual(gripAt(box, [21, 40], 5), { x: -1, y: 0 });
  assert.deepEqual(gripAt(box, [59, 61], 5), { x: 1, y: 1 });
  assert.deepEqual(gripAt(box, [40, 40], 5), { x: 0, y: 0 });
  assert.equal(gripAt(box, [90, 40], 5), null);
});

test("an edge cannot be dragged past the opposite one or out of the picture", () => {
  assert.deepEqual(pulledBox(box, { x: -1, y: 0 }, [300, 0], picture), { x: 44, y: 20, width: 16, height: 40 });
  assert.deepEqual(pulledBox(box, { x: 1, y: 1 }, [300, 300], picture), { x: 20, y: 20, width: 80, height: 60 });
});

test("a step to the right on screen is a step up in a picture rotated clockwise", () => {
  assert.deepEqual(
    unrotated([1, 0], 1).map((step) => step + 0),
    [0, -1],
  );
  assert.deepEqual(
    unrotated([0, 1], 3).map((step) => step + 0),
    [-1, 0],
  );
});

test("a quarter turn swaps width and height", () => {
  assert.deepEqual(turnedSize(picture, 3), { width: 80, height: 100 });
});

test("the bounds contain every sufficiently opaque pixel", () => {
  const opacity = [0, 0, 0, 0, 0, 9, 200, 0, 0, 0, 255, 0];
  assert.deepEqual(boundsOf(opacity, { width: 4, height: 3 }, 100), { x: 2, y: 1, width: 1, height: 2 });
  assert.equal(boundsOf([0, 0], { width: 2, height: 1 }, 1), null);
});

test("undo and redo step through the states, and a new state drops the redo states", () => {
  const history = new History("a");
  history.push("b");
  history.push("c");
  assert.equal(history.undo(), "b");
  assert.equal(history.redo(), "c");
  history.undo();
  history.push("d");
  assert.equal(history.canRedo, false);
  assert.equal(history.undo(), "b");
});

test("only the last states are kept", () => {
  const history = new History(0, 3);
  for (const state of [1, 2, 3, 4]) history.push(state);
  assert.deepEqual([history.undo(), history.undo(), history.undo()], [3, 2, 2]);
});
