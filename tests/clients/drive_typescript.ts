// Uses clients/typescript against the server of the environment, as an app would; ends with an error if anything differs.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { ApiError, Client, type Job } from "../../clients/typescript/src/client";

const { SERVER = "", EMAIL = "", PASSWORD = "", PHOTO = "" } = process.env;

const visitor = new Client({ server: SERVER });
assert.equal((await visitor.get("/api/v1/server/")).limits.photos, 5);
const { token } = await visitor.post("/api/v1/auth/tokens/", {
  body: { email: EMAIL, password: PASSWORD, name: "ts" },
});

const api = new Client({ server: SERVER, token });
const form = new FormData();
form.append("photo", new Blob([new Uint8Array(await readFile(PHOTO))]), "lamp.png");
form.append("title", "Lamp");
const made: Job = await api.post("/api/v1/jobs/", { body: form, headers: { "Idempotency-Key": "once" } });
const path = { id: made.id };
assert.equal((await api.get("/api/v1/jobs/{id}/", { path, query: { fields: "title" } })).title, "Lamp");
assert.deepEqual((await api.patch("/api/v1/jobs/{id}/", { path, body: { tags: ["home"] } })).tags, ["home"]);
const list = await api.get("/api/v1/jobs/", { query: { tag: "home", state: "queued" } });
assert.deepEqual(
  list.results.map(({ id }) => id),
  [made.id],
);
assert.ok(made.links.cancel);
assert.equal((await api.request<Job>("POST", made.links.cancel)).state, "cancelled");
const failed = await api.post("/api/v1/jobs/{id}/cancel/", { path }).catch((error: unknown) => error);
assert.ok(failed instanceof ApiError);
assert.deepEqual([failed.status, failed.code, failed.problem?.retryable], [409, "wrong_state", false]);
assert.equal(await api.delete("/api/v1/jobs/{id}/", { path }), undefined);
assert.equal(await api.post("/api/v1/auth/tokens/revoke/"), undefined);
const signedOut = await api.get("/api/v1/account/").catch((error: unknown) => error);
assert.ok(signedOut instanceof ApiError);
assert.equal(signedOut.status, 401);
