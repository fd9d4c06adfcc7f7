import assert from "node:assert/strict";
import { test } from "node:test";
import { refusal } from "./check";

const good = { status: 0, code: "", message: "", edited: false };
const text = { status: 415, code: "unsupported_type", message: "Not a photo.", edited: false };
const grey = { status: 422, code: "no_subject", message: "No object.", edited: false };

test("a photo that was not refused can be sent", () => {
  assert.equal(refusal([good], false), null);
  assert.equal(refusal([], false), null);
});

test("a refused photo cannot be sent, and the message says which one", () => {
  assert.equal(refusal([text], false), "Not a photo.");
  assert.equal(refusal([good, text], true), "Photo 2: Not a photo.");
});

test("a photo without an object can be sent with its background or a painted cutout", () => {
  assert.equal(refusal([grey], false), "No object.");
  assert.equal(refusal([grey], true), null);
  assert.equal(refusal([{ ...grey, edited: true }], false), null);
});

test("a busy server is no reason to refuse a photo", () => {
  assert.equal(
    refusal(
      [
        { ...grey, status: 429, code: "preview_busy" },
        { ...grey, status: 503, code: "preview_failed" },
      ],
      false,
    ),
    null,
  );
});
