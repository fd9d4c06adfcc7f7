import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, type Job } from "./api.ts";
import { follow, POLL_MS, POLL_WHILE_LIVE_MS, type Socket } from "./follow.ts";

const JOB: Job = {
  id: "1",
  title: "Lamp",
  state: "running",
  stage: "scene",
  progress: 0.2,
  seq: 3,
  eta_seconds: 5,
  failure: null,
};

function world(...answers: Job[]) {
  const sockets: (Socket & { closed: boolean })[] = [];
  const waiting: (() => void)[] = [];
  const waits: number[] = [];
  const fetcher = ((url: string) =>
    Promise.resolve(
      new Response(JSON.stringify(url.includes("ticket") ? { ticket: "t" } : answers.shift())),
    )) as typeof fetch;
  return {
    api: new Api("http://x", "t", fetcher),
    sockets,
    waiting,
    waits,
    open: () => {
      const socket: Socket & { closed: boolean } = {
        onmessage: null,
        onclose: null,
        closed: false,
        close: () => {
          socket.closed = true;
        },
      };
      sockets.push(socket);
      return socket as Socket;
    },
    later: (milliseconds: number, call: () => void) => {
      waiting.push(call);
      waits.push(milliseconds);
      return () => {
        if (waiting.includes(call)) waiting.splice(waiting.indexOf(call), 1);
      };
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("newer states are passed on, older ones are not, and the end stops it", async () => {
  const w = world(JOB);
  const seen: [number, string][] = [];
  follow(w.api, "1", (job) => seen.push([job.seq, job.state]), w);
  await settled();
  const socket = w.sockets[0];
  assert.ok(socket);
  for (const job of [
    { ...JOB, seq: 2 },
    { ...JOB, seq: 4 },
    { ...JOB, seq: 5, state: "succeeded" },
  ])
    socket.onmessage?.({ data: JSON.stringify({ type: "job", job }) });
  assert.deepEqual(seen, [
    [3, "running"],
    [4, "running"],
    [5, "succeeded"],
  ]);
  assert.ok(socket.closed);
  assert.equal(w.waiting.length, 0);
});

test("without a socket it asks, and opens another one", async () => {
  const w = world(JOB, { ...JOB, seq: 4 });
  const seen: number[] = [];
  const stop = follow(w.api, "1", (job) => seen.push(job.seq), w);
  await settled();
  w.sockets[0]?.onclose?.();
  w.waiting.shift()?.();
  await settled();
  assert.equal(w.sockets.length, 2);
  assert.deepEqual(seen, [3, 4]);
  assert.deepEqual(w.waits, [POLL_WHILE_LIVE_MS, POLL_MS, POLL_WHILE_LIVE_MS]);
  stop();
  assert.equal(w.waiting.length, 0);
});
