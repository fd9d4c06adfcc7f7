import assert from "node:assert/strict";
import { test } from "node:test";
import { added, moved, removed, sideProblem } from "./items";

const three = added([], ["a", "b", "c"], 5, 1);
const order = (items: { file: string }[]) => items.map((item) => item.file).join("");

test("the first photo is the front, the sides of the others are detected", () => {
  assert.deepEqual(
    three.map((item) => item.side),
    ["front", "auto", "auto"],
  );
});

test("photos beyond the limit are not added", () => {
  assert.equal(order(added(three, ["d", "e", "f"], 5, 4)), "abcde");
});

test("photos move within the list, not past its ends", () => {
  assert.equal(order(moved(three, 3, -1)), "acb");
  assert.equal(order(moved(three, 3, 1)), "abc");
  assert.equal(order(moved(three, 1, -1)), "abc");
});

test("a removed photo is gone", () => {
  assert.equal(order(removed(three, 2)), "ac");
});

test("a duplicate side is reported by its label, and automatic detection is no duplicate", () => {
  const labels = new Map([["back", "Back"]]);
  assert.match(sideProblem([{ side: "back" }, { side: "auto" }, { side: "back" }], labels) ?? "", /“Back”/);
  assert.equal(sideProblem([{ side: "auto" }, { side: "auto" }], labels), null);
});
