import assert from "node:assert/strict";
import { test } from "node:test";
import { added, moved, removed, sideProblem } from "./shots";

const three = added([], ["a", "b", "c"], 5, 1);
const order = (shots: { file: string }[]) => shots.map((shot) => shot.file).join("");

test("the first photo is the front, the others find their side", () => {
  assert.deepEqual(
    three.map((shot) => shot.side),
    ["front", "auto", "auto"],
  );
});

test("no more photos are taken than one model can have", () => {
  assert.equal(order(added(three, ["d", "e", "f"], 5, 4)), "abcde");
});

test("photos change places, but not over the end of the list", () => {
  assert.equal(order(moved(three, 3, -1)), "acb");
  assert.equal(order(moved(three, 3, 1)), "abc");
  assert.equal(order(moved(three, 1, -1)), "abc");
});

test("a removed photo is gone", () => {
  assert.equal(order(removed(three, 2)), "ac");
});

test("the same side twice is told by its label, and finding out is no side", () => {
  const labels = new Map([["back", "Back"]]);
  assert.match(sideProblem([{ side: "back" }, { side: "auto" }, { side: "back" }], labels) ?? "", /“Back”/);
  assert.equal(sideProblem([{ side: "auto" }, { side: "auto" }], labels), null);
});
