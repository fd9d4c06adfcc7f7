import assert from "node:assert/strict";
import { test } from "node:test";
import { refusal } from "./check";

const good = { status: 0, message: "", edited: false };
const text = { status: 415, message: "Not a photo.", edited: false };
const grey = { status: 422, message: "No object.", edited: false };

test("a photo that was not refused can be sent", () => {
  assert.equal(refusal([good]), null);
  assert.equal(refusal([]), null);
});

test("a refused photo cannot be sent, and the message says which one", () => {
  assert.equal(refusal([text]), "Not a photo.");
  assert.equal(refusal([good, text]), "Photo 2: Not a photo.");
});

test("a photo without an object can be sent with a painted cutout", () => {
  assert.equal(refusal([grey]), "No object.");
  assert.equal(refusal([{ ...grey, edited: true }]), null);
});

test("a busy server is no reason to refuse a photo", () => {
  assert.equal(
    refusal([
      { ...grey, status: 429 },
      { ...grey, status: 503 },
    ]),
    null,
  );
});
