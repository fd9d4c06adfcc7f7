import assert from "node:assert/strict";
import { test } from "node:test";
import { Api } from "./api.ts";
import { type Pending, type PendingStore, type Photo, Stopped, sendPhoto } from "./upload.ts";

const DATA = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);
const PHOTO: Photo = {
  name: "lamp.jpg",
  size: DATA.length,
  uri: "file:///lamp.jpg",
  read: (from, to) => Promise.resolve(DATA.slice(from, to)),
};

/** A server that keeps uploads, behind a line on which `faults` happen to the parts, in turn. */
class Line {
  stored: number[] = [];
  created = 0;
  parts = 0;
  gone = false;
  readonly faults: ("lost" | "lost answer" | "none")[];

  constructor(...faults: ("lost" | "lost answer" | "none")[]) {
    this.faults = faults;
  }

  readonly fetch = ((url: string, init: RequestInit = {}) =>
    new Promise<Response>((resolve) => resolve(this.answer(url, init)))) as typeof fetch;

  private answer(url: string, init: RequestInit): Response {
    if (init.method === "PATCH") return this.add(init);
    if (init.method === "POST") {
      this.created += 1;
      this.stored = [];
      this.gone = false;
    }
    assert.ok(url.includes("/uploads/"));
    if (this.gone) return answer(404, { code: "not_found", detail: "" });
    return answer(200, { id: "u", length: DATA.length, offset: this.stored.length });
  }

  private add(init: RequestInit): Response {
    const fault = this.faults.shift() ?? "none";
    if (fault === "lost") throw new TypeError("Network request failed");
    const offset = Number((init.headers as Record<string, string>)["Upload-Offset"]);
    if (offset !== this.stored.length) return answer(409, { code: "offset_conflict", detail: "" });
    this.parts += 1;
    this.stored.push(...(init.body as Uint8Array));
    if (fault === "lost answer") throw new TypeError("Network request failed");
    return new Response(null, { status: 204 });
  }
}

function answer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status });
}

function memory(pending: Pending | null = null): PendingStore & { value: Pending | null } {
  const store = {
    value: pending,
    load: () => Promise.resolve(store.value),
    save: (next: Pending | null) => {
      store.value = next;
      return Promise.resolve();
    },
  };
  return store;
}

function send(line: Line, store: PendingStore, stopAfter = Number.POSITIVE_INFINITY) {
  const steps: number[] = [];
  const pauses: number[] = [];
  const options = {
    partBytes: 300,
    onProgress: (fraction: number) => steps.push(fraction),
    onWaiting: () => undefined,
    pause: (milliseconds: number) => {
      pauses.push(milliseconds);
      return Promise.resolve();
    },
    isStopped: () => line.parts >= stopAfter,
  };
  return { steps, pauses, done: sendPhoto(new Api("https://x", "t", line.fetch), PHOTO, store, options) };
}

test("a photo arrives whole, and progress only grows", async () => {
  const [line, store] = [new Line(), memory()];
  const { steps, done } = send(line, store);
  assert.equal(await done, "u");
  assert.deepEqual(Uint8Array.from(line.stored), DATA);
  assert.deepEqual(steps, [0, 0.3, 0.6, 0.9, 1]);
  assert.equal(store.value?.upload, "u");
  await send(line, store).done; // the app was closed before the job was created
  assert.deepEqual([line.created, line.parts], [1, 4]);
});

test("three interruptions cost no byte twice, whether a part or its answer was lost", async () => {
  const line = new Line("lost", "lost answer", "lost");
  const { pauses, done } = send(line, memory());
  await done;
  assert.deepEqual(Uint8Array.from(line.stored), DATA);
  assert.deepEqual([line.created, line.parts], [1, 4]);
  assert.deepEqual(pauses, [1000, 1000]);
});

test("after the app was closed it continues where it was", async () => {
  const [line, store] = [new Line(), memory()];
  await assert.rejects(send(line, store, 2).done, Stopped);
  assert.equal(store.value?.upload, "u");
  const { steps, done } = send(line, store);
  await done;
  assert.deepEqual([line.created, line.parts, steps[0]], [1, 4, 0.6]);
  assert.deepEqual(Uint8Array.from(line.stored), DATA);
});

test("an upload that has expired, or is of another photo, begins again", async () => {
  const line = new Line();
  line.gone = true;
  await send(line, memory({ upload: "old", uri: PHOTO.uri, name: "", size: PHOTO.size })).done;
  assert.equal(line.created, 1);
  await send(line, memory({ upload: "old", uri: "file:///other.jpg", name: "", size: 5 })).done;
  assert.equal(line.created, 2);
});

test("what the server refuses is not tried again", async () => {
  const fetcher = (() => Promise.resolve(answer(413, { code: "too_large", detail: "Too large." }))) as typeof fetch;
  const options = {
    partBytes: 300,
    onProgress: () => undefined,
    onWaiting: () => undefined,
    pause: () => Promise.reject(new Error("no pause")),
    isStopped: () => false,
  };
  await assert.rejects(sendPhoto(new Api("https://x", "t", fetcher), PHOTO, memory(), options), { code: "too_large" });
});
