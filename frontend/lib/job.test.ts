import assert from "node:assert/strict";
import { test } from "node:test";
import { fileUrl, isActive, isNewer, type Job, stageStates, statusSentence } from "./job";

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
  created_at: null,
  queued_at: null,
  started_at: null,
  finished_at: null,
  cancel_requested: false,
  failure: null,
  queue_position: 1,
  estimate_seconds: null,
  worker_online: true,
  urls: { self: "", page: "", files: "" },
  ...changes,
});

test("an older seq is ignored, whichever way it came", () => {
  assert.equal(isNewer(job({ seq: 5 }), job({ seq: 4 })), false);
  assert.equal(isNewer(job({ seq: 5 }), job({ seq: 4 }), true), false);
});

test("the same seq is news only when it was read afresh", () => {
  assert.equal(isNewer(job({ seq: 5 }), job({ seq: 5 })), false);
  assert.equal(isNewer(job({ seq: 5 }), job({ seq: 5 }), true), true);
});

test("the first job and a greater seq are news", () => {
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

test("a missing worker is said plainly, before the place in the queue", () => {
  assert.match(statusSentence(job({ worker_online: false, queue_position: 4 }), ""), /no worker is running/);
});

test("the place in the queue counts the jobs ahead", () => {
  assert.equal(statusSentence(job({ queue_position: 1 }), ""), "Next in line.");
  assert.equal(statusSentence(job({ queue_position: 2 }), ""), "In line: 1 job is ahead.");
  assert.equal(statusSentence(job({ queue_position: 5 }), ""), "In line: 4 jobs are ahead.");
});

test("a running job tells its stage, and a requested cancel goes first", () => {
  assert.equal(statusSentence(job({ state: "running" }), "Cleaning the mesh"), "Cleaning the mesh");
  assert.equal(statusSentence(job({ state: "running", cancel_requested: true }), "Cleaning the mesh"), "Cancelling…");
});

test("a file has an address as soon as it exists, and none before", () => {
  const files = [{ name: "cutout.png", title: "", url: "/files/cutout.png", size: 1 }];
  assert.equal(fileUrl(job({ files }), "cutout.png"), "/files/cutout.png");
  assert.equal(fileUrl(job({ files }), "mesh.glb"), null);
  assert.equal(fileUrl(job(), "cutout.png"), null);
});
