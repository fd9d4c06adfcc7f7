import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { DOWN_AFTER_MS, LiveLine } from "./live_line";

function watched(): { line: LiveLine; changes: boolean[]; after: (ms: number) => void } {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  const changes: boolean[] = [];
  return { line: new LiveLine((isDown) => changes.push(isDown)), changes, after: (ms) => mock.timers.tick(ms) };
}

test("a page without its first message says so after a while", () => {
  const { changes, after } = watched();
  after(DOWN_AFTER_MS - 1);
  assert.deepEqual(changes, []);
  after(1);
  assert.deepEqual(changes, [true]);
});

test("a short interruption says nothing", () => {
  const { line, changes, after } = watched();
  line.alive();
  line.lost();
  after(DOWN_AFTER_MS - 1);
  line.alive();
  after(10 * DOWN_AFTER_MS);
  assert.deepEqual(changes, [false, false]);
});

test("failed attempts to connect do not start the time anew", () => {
  const { line, changes, after } = watched();
  line.alive();
  line.lost();
  after(DOWN_AFTER_MS - 1);
  line.lost();
  after(1);
  assert.deepEqual(changes, [false, true]);
});
