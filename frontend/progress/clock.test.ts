import assert from "node:assert/strict";
import { test } from "node:test";
import { StageClock } from "./clock";

const at = (seconds: number): string => new Date(seconds * 1000).toISOString();

test("a stage lasts until the next one begins, and the current one until now", () => {
  const clock = new StageClock({ prepare: at(100), cutout: at(102) }, at(110), 110_000);
  assert.equal(clock.seconds("prepare", 110_000), 2);
  assert.equal(clock.seconds("cutout", 110_000), 8);
});

test("a wrong clock on this device does no harm", () => {
  const clock = new StageClock({ prepare: at(100) }, at(103), 999_000);
  clock.enter("cutout", 1_001_000);
  assert.equal(clock.seconds("prepare", 1_009_000), 5);
});

test("a stage with an unknown start has no seconds", () => {
  assert.equal(new StageClock({}, at(1)).seconds("scene"), null);
});

test("entering a stage again does not restart it", () => {
  const clock = new StageClock({ scene: at(10) }, at(20), 20_000);
  clock.enter("scene", 25_000);
  assert.equal(clock.seconds("scene", 26_000), 16);
});

test("a first stage that ended before the page opened lasted from the start of the job", () => {
  const clock = new StageClock({}, at(100), 100_000);
  clock.began("prepare", at(101));
  clock.enter("cutout", 103_000);
  assert.equal(clock.seconds("prepare", 109_000), 2);
});
