import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, address, Client, errorOf, type Job } from "./client";

const ID = "4c6a065d-9f63-40ee-a315-a7478c5a790a";

interface Sent {
  url: string;
  init: RequestInit;
}

function serverThatAnswers(status: number, body: unknown, headers: Record<string, string> = {}) {
  const sent: Sent[] = [];
  const answer = (url: unknown, init: RequestInit = {}) => {
    sent.push({ url: String(url), init });
    const text = body === undefined ? null : JSON.stringify(body);
    return Promise.resolve(new Response(text, { status, headers: { "Content-Type": "application/json", ...headers } }));
  };
  return { sent, fetch: answer as typeof fetch };
}

const headersOf = ({ init }: Sent) => init.headers as Record<string, string>;

test("a path gets its values, and a list in the query is repeated", () => {
  assert.equal(address("/jobs/{id}/files/{name}/", { id: ID, name: "a b.glb" }), `/jobs/${ID}/files/a%20b.glb/`);
  assert.equal(address("/jobs/", {}, { tag: ["a", "b"], q: undefined, page: 2 }), "/jobs/?tag=a&tag=b&page=2");
});

test("a token is sent as bearer, and JSON as JSON", async () => {
  const { sent, fetch } = serverThatAnswers(200, { id: ID, title: "Lamp" });
  const client = new Client({ server: "https://models.example.org", token: "secret", fetch });
  const job: Job = await client.patch("/api/v1/jobs/{id}/", { path: { id: ID }, body: { title: "Lamp" } });
  assert.equal(job.title, "Lamp");
  const [request] = sent;
  assert.ok(request);
  assert.equal(request.url, `https://models.example.org/api/v1/jobs/${ID}/`);
  assert.equal(request.init.body, '{"title":"Lamp"}');
  assert.deepEqual(
    [headersOf(request)["Authorization"], headersOf(request)["Content-Type"], request.init.credentials],
    ["Bearer secret", "application/json", "omit"],
  );
});

test("a page sends its session and its own headers, and a form without a content type", async () => {
  const { sent, fetch } = serverThatAnswers(202, { id: ID });
  await new Client({ headers: () => ({ "X-CSRFToken": "t" }), fetch }).post("/api/v1/jobs/", { body: new FormData() });
  const [request] = sent;
  assert.ok(request);
  assert.deepEqual(
    [request.url, request.init.credentials, headersOf(request)["X-CSRFToken"], headersOf(request)["Content-Type"]],
    ["/api/v1/jobs/", "same-origin", "t", undefined],
  );
});

test("a response without a body is undefined", async () => {
  const { fetch } = serverThatAnswers(204, undefined);
  assert.equal(await new Client({ fetch }).delete("/api/v1/jobs/{id}/", { path: { id: ID } }), undefined);
});

test("a problem becomes an error with its code, message and wait", async () => {
  const errors = [{ code: "too_many_active", detail: "Wait for one to finish.", attr: null }];
  const { fetch } = serverThatAnswers(429, { code: "too_many_active", errors }, { "Retry-After": "15" });
  const failed = await new Client({ fetch }).get("/api/v1/jobs/").catch((error: unknown) => error);
  assert.ok(failed instanceof ApiError);
  assert.deepEqual(
    [failed.status, failed.code, failed.message, failed.retryAfter, failed.problem?.errors],
    [429, "too_many_active", "Wait for one to finish.", 15, errors],
  );
});

test("an unreachable server is an error of the same shape", async () => {
  const unreachable = (() => Promise.reject(new TypeError("offline"))) as typeof fetch;
  const failed = await new Client({ fetch: unreachable }).get("/api/v1/server/").catch((error: unknown) => error);
  assert.ok(failed instanceof ApiError);
  assert.equal(failed.status, 0);
  assert.match(failed.message, /could not be reached/);
});

test("a response without a problem gets a message by its status", () => {
  assert.match(errorOf(413, "<html>").message, /too large/);
  assert.match(errorOf(502, "{}").message, /502/);
});
