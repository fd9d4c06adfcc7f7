import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cut } from "./cut";
import type { UploadItem } from "./items";
import { cutoutsToSend, type PhotoToSend } from "./send";

const item = (changes: Partial<UploadItem> = {}): UploadItem => ({
  id: 1,
  file: new File([], "a.png"),
  side: "front",
  own: false,
  subject: null,
  ...changes,
});
const automatic = {} as Cut["automatic"];
const cut = (changes: Partial<Cut> = {}): Cut => ({ automatic, edit: automatic, ...changes }) as Cut;
const photo = (changes: Partial<UploadItem> = {}, cutChanges: Partial<Cut> = {}): PhotoToSend => ({
  item: item(changes),
  cut: cut(cutChanges),
});
const edited = photo({}, { edit: {} as Cut["edit"] });

test("untouched photos are sent as they are, also while their cutouts are not there yet", () => {
  assert.deepEqual(cutoutsToSend([photo(), { item: item(), cut: null }]), {
    asCutout: [false, false],
    useAlpha: false,
  });
});

test("an edited cutout is sent, and its transparency is the outline", () => {
  assert.deepEqual(cutoutsToSend([photo(), edited]), { asCutout: [false, true], useAlpha: true });
});

test("a picture that the visitor cut out is sent as it is, and its transparency is the outline", () => {
  assert.deepEqual(cutoutsToSend([photo({ own: true })]), { asCutout: [false], useAlpha: true });
});

test("a point goes along with the main photo; another photo is sent as the cutout of its object", () => {
  const pointed = photo({ subject: [0.5, 0.5] });
  assert.deepEqual(cutoutsToSend([pointed, pointed]), { asCutout: [false, true], useAlpha: true });
});

test("beside an edited cutout, a photo in a transparent frame is sent as its cutout", () => {
  const framed = photo({}, { ignoresTransparency: true });
  assert.deepEqual(cutoutsToSend([framed]), { asCutout: [false], useAlpha: false });
  assert.deepEqual(cutoutsToSend([framed, edited]), { asCutout: [true, true], useAlpha: true });
});
