import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, Problem } from "./api.ts";

interface Sent {
  url: string;
  init: RequestInit;
}

const header = (request: Sent | undefined, name: string): string | undefined =>
  new Headers(request?.init.headers).get(name) ?? undefined;

function answering(status: number, body: unknown) {
  const sent: Sent[] = [];
  const fetcher = ((url: string, init: RequestInit) => {
    sent.push({ url, init });
    return Promise.resolve(new Response(status === 204 ? null : JSON.stringify(body), { status }));
  }) as typeof fetch;
  return { sent, fetcher };
}

test("sign-in keeps the token and sends it from then on", async () => {
  const { sent, fetcher } = answering(201, { token: "secret", results: [] });
  const api = new Api("https://models.example.org/", "", fetcher);
  assert.equal(await api.signIn("a@example.org", "password"), "secret");
  await api.jobs();
  assert.equal(sent[0]?.url, "https://models.example.org/api/v1/auth/tokens/");
  assert.equal(header(sent[0], "Authorization"), undefined);
  assert.equal(header(sent[1], "Authorization"), "Bearer secret");
});

test("a problem keeps its status, code and message", async () => {
  const { fetcher } = answering(403, { code: "quota_exceeded", detail: "Your storage is full." });
  await assert.rejects(new Api("https://x", "", fetcher).job("1"), (error) => {
    assert.ok(error instanceof Problem);
    assert.deepEqual([error.status, error.code, error.message], [403, "quota_exceeded", "Your storage is full."]);
    return true;
  });
});

test("no connection is a problem with status 0", async () => {
  const fetcher = (() => Promise.reject(new TypeError("failed"))) as typeof fetch;
  await assert.rejects(new Api("https://x", "", fetcher).facts(), { status: 0, code: "unreachable" });
});

test("links and sockets are absolute, and names are sent as UTF-8", async () => {
  const { sent, fetcher } = answering(200, {
    files: { "mesh.glb": "/api/v1/links/t/mesh.glb" },
    ticket: "a+b",
    id: "1",
  });
  const api = new Api("https://x.example", "token", fetcher);
  assert.deepEqual(await api.links("1"), { "mesh.glb": "https://x.example/api/v1/links/t/mesh.glb" });
  assert.equal(await api.socketUrl("1"), "wss://x.example/ws/jobs/1/?ticket=a%2Bb");
  await api.createUpload(5, "Käfer.jpg");
  const metadata = header(sent[2], "Upload-Metadata") ?? "";
  assert.equal(Buffer.from(metadata.split(" ")[1] ?? "", "base64").toString(), "Käfer.jpg");
});
