import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "./backoff";
import { formatBytes, formatDay, formatDuration, formatPercent, secondsBetween } from "./format";
import { photoProblem } from "./photo";
import { asTheme, resolveTheme } from "./theme";
import { randomUuid } from "./uuid";

test("reconnection delays double from half a second up to fifteen seconds", () => {
  const waits = [0, 1, 2, 5, 50].map((attempt) => backoff(attempt, () => 1));
  assert.deepEqual(waits, [500, 1000, 2000, 15_000, 15_000]);
});

test("jitter removes at most half of the wait", () => {
  assert.equal(
    backoff(1, () => 0),
    500,
  );
});

test("sizes have at most two significant digits", () => {
  assert.deepEqual([0, 999, 1500, 12_400_000, 999_900].map(formatBytes), ["0 B", "999 B", "1.5 KB", "12 MB", "1.0 MB"]);
});

test("durations grow from seconds to hours", () => {
  assert.deepEqual([-2, 9.4, 75, 7260].map(formatDuration), ["0 s", "9 s", "1 min 15 s", "2 h 1 min"]);
});

test("a day of this year is written without the year", () => {
  const now = new Date(2026, 10, 26);
  assert.equal(formatDay(new Date(2026, 0, 3), now, "en"), "Jan 3");
  assert.equal(formatDay(new Date(2025, 0, 3), now, "en"), "Jan 3, 2025");
});

test("percentages stay between 0 and 100", () => {
  assert.deepEqual([-0.2, 0.416, 1.3].map(formatPercent), ["0%", "42%", "100%"]);
});

test("elapsed time runs until the end, or until now", () => {
  const start = "2026-01-01T00:00:00Z";
  assert.equal(secondsBetween(start, "2026-01-01T00:00:05Z"), 5);
  assert.equal(secondsBetween(start, null, Date.parse("2026-01-01T00:00:09Z")), 9);
  assert.equal(secondsBetween(null, null), null);
});

const limits = { maxBytes: 1000, accept: "image/jpeg,image/png,.heic" };

test("a photo of an accepted type or extension has no problem", () => {
  assert.equal(photoProblem({ name: "a.jpg", type: "image/jpeg", size: 10 }, limits), null);
  assert.equal(photoProblem({ name: "A.HEIC", type: "", size: 10 }, limits), null);
});

test("wrong type, empty file and excessive size are each explained", () => {
  assert.match(photoProblem({ name: "a.svg", type: "image/svg+xml", size: 10 }, limits) ?? "", /isn't a photo/);
  assert.match(photoProblem({ name: "a.png", type: "image/png", size: 0 }, limits) ?? "", /empty/);
  assert.match(
    photoProblem({ name: "a.png", type: "image/png", size: 1500 }, limits) ?? "",
    /1\.5 KB; the limit is 1\.0 KB/,
  );
});

test("image/* accepts photos but not SVG", () => {
  const any = { maxBytes: 1000, accept: "image/*" };
  assert.equal(photoProblem({ name: "a.webp", type: "image/webp", size: 1 }, any), null);
  assert.notEqual(photoProblem({ name: "a.svg", type: "image/svg+xml", size: 1 }, any), null);
});

test("without crypto.randomUUID a new version 4 UUID is made each time", () => {
  const source = { getRandomValues: crypto.getRandomValues.bind(crypto) };
  const uuid = randomUuid(source);
  assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(uuid, randomUuid(source));
});

test("an unknown theme is auto, and auto follows the system", () => {
  assert.equal(asTheme("purple"), "auto");
  assert.equal(resolveTheme("auto", true), "dark");
  assert.equal(resolveTheme("light", true), "light");
});
