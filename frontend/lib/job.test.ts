import assert from "node:assert/strict";
import { test } from "node:test";
import { fileUrl, isActive, isNewer, type Job, stageStates, statusMessage } from "./job";

const job = (changes: Partial<Job> = {}): Job => ({
  id: "1",
  title: "Chair",
  state: "queued",
  stage: "",
  progress: 0,
  seq: 3,
  attempt: 1,
  engine: "compact",
  quality: "draft",
  created_at: "2027-01-15T09:30:00Z",
  queued_at: "2027-01-15T09:30:00Z",
  started_at: null,
  finished_at: null,
  cancel_requested: false,
  failure: null,
  queue_position: 1,
  estimate_seconds: 5,
  worker_online: true,
  urls: { self: "", page: "", files: "" },
  files: [],
  ...changes,
});

test("an older seq is ignored, however it arrived", () => {
  assert.equal(isNewer(job({ seq: 5 }), job({ seq: 4 })), false);
  assert.equal(isNewer(job({ seq: 5 }), job({ seq: 4 }), true), false);
});

test("the same seq is newer only as a fresh read", () => {
  assert.equal(isNewer(job({ seq: 5 }), job({ seq: 5 })), false);
  assert.equal(isNewer(job({ seq: 5 }), job({ seq: 5 }), true), true);
});

test("the first job and a greater seq are newer", () => {
  assert.equal(isNewer(null, job()), true);
  assert.equal(isNewer(job({ seq: 5 }), job({ seq: 6 })), true);
});

test("only queued and running jobs are active", () => {
  const active = (["queued", "running", "succeeded", "failed", "cancelled"] as const).filter((state) =>
    isActive({ state }),
  );
  assert.deepEqual(active, ["queued", "running"]);
});

test("stages before the current one are done and later ones pending", () => {
  const states = stageStates(["prepare", "cutout", "scene"], job({ state: "running", stage: "cutout" }));
  assert.deepEqual(states, ["done", "active", "pending"]);
});

test("a queued job has no stage done", () => {
  assert.deepEqual(stageStates(["prepare", "cutout"], job()), ["pending", "pending"]);
});

test("a failed job stops at its stage without a spinner", () => {
  assert.deepEqual(stageStates(["prepare", "cutout"], job({ state: "failed", stage: "cutout" })), ["done", "pending"]);
});

test("a succeeded job has every stage done", () => {
  assert.deepEqual(stageStates(["prepare", "cutout"], job({ state: "succeeded" })), ["done", "done"]);
});

test("a missing worker is reported instead of the position in the queue", () => {
  assert.match(statusMessage(job({ worker_online: false, queue_position: 4 }), ""), /no worker is running/);
});

test("the position in the queue counts the jobs ahead", () => {
  assert.equal(statusMessage(job({ queue_position: 1 }), ""), "Next in the queue.");
  assert.equal(statusMessage(job({ queue_position: 2 }), ""), "Queued: 1 job ahead of yours.");
  assert.equal(statusMessage(job({ queue_position: 5 }), ""), "Queued: 4 jobs ahead of yours.");
});

test("a running job shows its stage, and a requested cancel takes precedence", () => {
  assert.equal(statusMessage(job({ state: "running" }), "Cleaning the mesh"), "Cleaning the mesh");
  assert.equal(statusMessage(job({ state: "running", cancel_requested: true }), "Cleaning the mesh"), "Cancelling…");
});

test("a file has a URL as soon as it exists, and none before", () => {
  const files = [{ name: "cutout.png", url: "/files/cutout.png" }];
  assert.equal(fileUrl({ files }, "cutout.png"), "/files/cutout.png");
  assert.equal(fileUrl({ files }, "mesh.glb"), null);
  assert.equal(fileUrl(job(), "cutout.png"), null);
});
