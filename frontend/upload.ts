// The upload page: choose, drop, paste or take 1 to 5 photos, check and adjust their cutouts, send them once.
import type { Point } from "./cutout/edit";
import { all, find, icon, need, readJson, setText } from "./lib/dom";
import { formatDuration, formatPercent } from "./lib/format";
import { upload } from "./lib/http";
import { type Limits, photoProblem } from "./lib/photo";
import { wireQualityDefaults } from "./lib/quality_defaults";
import { randomUuid } from "./lib/uuid";
import { type Checked, refusal } from "./upload/check";
import { type Cut, isEdited } from "./upload/cut";
import { asApiError, Cutouts, type FailedState } from "./upload/cutouts";
import { fetchFile, hasCamera, wireIntake } from "./upload/intake";
import { added, moved, removed, sideProblem, type UploadItem } from "./upload/items";
import { showList } from "./upload/list";
import { Picker } from "./upload/pick";
import { addPhotos as addPhotosTo } from "./upload/send";
import { showStage } from "./upload/stage";
import { takeStoredPhotos } from "./upload/stored_photos";

interface UploadData {
  max_bytes: number;
  max_photos: number;
  accept: string;
  sides: [string, string][];
  cutout_url: string;
  estimates: Record<string, Record<string, number>>;
  /** The side that the next photo is expected to show, empty without one. */
  add_side: string;
  earlier: { url: string; name: string; side: string | null; subject: Point | null }[];
}

const form = need<HTMLFormElement>("[data-upload]");
const data = readJson<UploadData>("upload-data");
const limits: Limits = { maxBytes: data.max_bytes, accept: data.accept };
const labels = new Map(data.sides);
const input = need<HTMLInputElement>("#photo", form);
const error = need("[data-error]", form);
const submit = need<HTMLButtonElement>("button[type=submit]", form);
const maskField = need<HTMLSelectElement>("[name=mask]", form);
const engineField = need<HTMLSelectElement>("[name=engine]", form);
const keepField = need<HTMLInputElement>("[name=keep_background]", form);
/** The photo in which the visitor chooses the object, and why the last choice there did not work. */
let picking: { id: number; problem: string } | null = null;
const cutouts = new Cutouts(data.cutout_url, onCutout);
let items: UploadItem[] = [];
let chosen: number | null = null;
let nextId = 1;
let sending = false;

/** One key per choice of photos and options: sending the same choice twice creates one job. */
function renewIdempotencyKey(): void {
  need<HTMLInputElement>("input[name=idempotency_key]", form).value = randomUuid();
}

function showError(message: string): void {
  setText(error, message);
  error.hidden = message === "";
}

function itemById(id: number | null): UploadItem | undefined {
  return items.find((item) => item.id === id);
}

function show(): void {
  const item = itemById(chosen);
  const isPicking = item !== undefined && picking?.id === item.id;
  picker.setActive(isPicking);
  showStage(need("[data-cut]", form), item ? cutouts.state(item.id) : null, {
    photoUrl: item ? cutouts.thumbnail(item.id) : null,
    picking: isPicking,
    problem: picking?.problem ?? "",
    hasSubject: Boolean(item?.subject),
  });
  showList(
    need("[data-shots]", form),
    items,
    chosen,
    data.sides,
    { select: selectPhoto, move: movePhoto, remove: removePhoto, setSide },
    thumbnail,
  );
  const full = items.length >= data.max_photos;
  need("[data-drop]", form).hidden = full;
  need("[data-drop]", form).classList.toggle("is-small", items.length > 0);
  need("[data-advice]", form).hidden = items.length > 0;
  need("[data-drop-first]", form).hidden = items.length > 0;
  need("[data-drop-more]", form).hidden = items.length === 0;
  input.required = items.length === 0;
  showSubmit();
}

/** Disables the button without photos, while sending, and for a photo that the server has refused; says why. */
function showSubmit(): void {
  const reason = refusal(items.map(checkedPhoto));
  const blocked = need("[data-blocked]", form);
  setText(blocked, reason ?? "");
  blocked.hidden = reason === null;
  submit.disabled = sending || items.length === 0 || reason !== null;
}

function checkedPhoto(item: UploadItem): Checked {
  const state = cutouts.state(item.id);
  if (state?.kind !== "failed") return { status: 0, message: "", edited: false };
  const { status, message } = state.error;
  return { status, message, edited: state.cut !== null && isEdited(state.cut) };
}

function thumbnail(item: UploadItem): HTMLElement {
  const image = new Image();
  image.alt = "";
  image.addEventListener("error", () => image.replaceWith(icon("image"))); // a format that only the server can decode
  image.src = cutouts.thumbnail(item.id) ?? "";
  return image;
}

/** Adds the usable `files`, and explains why the others are rejected; `prepare` gets each before its cutout is made. */
function addPhotos(files: File[], prepare?: (item: UploadItem, index: number) => void): void {
  if (sending || files.length === 0) return;
  const problems = files.map((file) => photoProblem(file, limits));
  const accepted = files.filter((_, index) => problems[index] === null);
  const before = items.length;
  items = added(items, accepted, data.max_photos, nextId);
  const newItems = items.slice(before);
  nextId += newItems.length;
  for (const [index, item] of newItems.entries()) {
    cutouts.setFile(item);
    prepare?.(item, index);
    requestCutout(item);
  }
  chosen = newItems[0]?.id ?? chosen;
  const excess =
    accepted.length > newItems.length ? `You can use up to ${data.max_photos} photos for one model.` : null;
  showError([...new Set([...problems, excess])].filter((message) => message !== null).join(" "));
  refresh();
}

/** Requests the automatic cutout of the photo. */
function requestCutout(item: UploadItem, instead?: FailedState): void {
  const mask = item.own ? "alpha" : maskField.value;
  void cutouts.request(item, { mask, keepBackground: keepField.checked, subject: item.subject }, instead);
}

function onCutout(item: UploadItem, cut: Cut | null): void {
  if (cut?.severalObjects && !item.subject) picking = { id: item.id, problem: "" };
  show();
}

/** Requests all cutouts that the visitor has not edited, after a change of the choices for all of them. */
function requestAll(): void {
  for (const item of items) if (!cutouts.isEdited(item.id)) requestCutout(item);
  show();
}

/** Cuts out the object at `point` of the selected photo; what was there stays if there is none. */
function pickSubject(point: Point): void {
  const item = itemById(chosen);
  const before = item && cutouts.state(item.id);
  if (!item || !before) return;
  const earlier = item.subject;
  item.subject = point;
  picking = null;
  requestCutout(item, ({ code, message }) => {
    item.subject = earlier;
    picking = {
      id: item.id,
      problem: code === "no_subject" ? "No object was found there. Try another point." : message,
    };
    return before;
  });
  refresh();
  need("[data-cut-pick]", form).focus();
}

function togglePicking(): void {
  picking = chosen === null || picking?.id === chosen ? null : { id: chosen, problem: "" };
  show();
}

function selectPhoto(id: number): void {
  chosen = id;
  show();
}

function movePhoto(id: number, by: -1 | 1): void {
  items = moved(items, id, by);
  refresh();
}

function setSide(id: number, name: string): void {
  const item = itemById(id);
  if (item) item.side = name;
  showError(sideProblem(items, labels) ?? "");
  renewIdempotencyKey();
}

function removePhoto(id: number): void {
  items = removed(items, id);
  cutouts.remove(id);
  if (chosen === id) chosen = items[0]?.id ?? null;
  refresh();
}

function refresh(): void {
  renewIdempotencyKey();
  show();
}

/** Replaces the selected photo with the visitor's own transparent picture. */
function replacePhoto(own: HTMLInputElement): void {
  const file = own.files?.[0];
  const item = itemById(chosen);
  own.value = "";
  if (!file || !item) return;
  const problem = photoProblem(file, limits);
  showError(problem ?? "");
  if (problem) return;
  Object.assign(item, { file, own: true, subject: null });
  cutouts.setFile(item);
  picking = null;
  requestCutout(item);
  refresh();
}

async function adjust(): Promise<void> {
  const cut = chosen === null ? null : cutouts.cut(chosen);
  if (!cut) return;
  const { Editor } = await import("./cutout/editor");
  editor ??= new Editor(need<HTMLDialogElement>("[data-editor]"));
  const edit = await editor.open(cut.photo, cut.automatic, cut.edit);
  if (!edit) return;
  cut.edit = edit;
  refresh();
}

let editor: import("./cutout/editor").Editor | null = null;

/** Back to the automatic cutout: without the edit, or without the chosen object. */
function resetEdit(): void {
  const item = itemById(chosen);
  const cut = item && cutouts.cut(item.id);
  if (!item || !cut) return;
  if (isEdited(cut)) cut.edit = cut.automatic;
  else {
    item.subject = null;
    requestCutout(item);
  }
  refresh();
}

async function formToSend(): Promise<FormData> {
  const body = new FormData(form);
  for (const name of ["csrfmiddlewaretoken", "photo"]) body.delete(name);
  await addPhotosTo(
    body,
    items.map((item) => ({ item, cut: cutouts.cut(item.id) })),
  );
  return body;
}

function setSending(on: boolean): void {
  sending = on;
  form.setAttribute("aria-busy", String(on));
  need("[data-sending]", form).hidden = !on;
  for (const field of all<HTMLFieldSetElement>("fieldset", form)) field.disabled = on;
  for (const button of all<HTMLButtonElement>("[data-cut] button, [data-shots] button", form)) button.disabled = on;
  showSubmit();
}

function showSentFraction(fraction: number): void {
  need<HTMLProgressElement>("[data-sending] progress", form).value = fraction;
  const message = fraction < 1 ? `Uploading: ${formatPercent(fraction)}` : "Checking the photo…";
  setText(need("[data-sending-text]", form), message);
}

async function send(): Promise<void> {
  const problem = sideProblem(items, labels);
  if (problem) return fail(problem);
  showError("");
  showSentFraction(0);
  try {
    const body = await formToSend(); // before the fields are disabled: disabled fields are not part of the form data
    setSending(true);
    const idempotencyKey = String(body.get("idempotency_key"));
    const { page } = await upload<{ page: string }>({
      url: form.action,
      body,
      idempotencyKey,
      onProgress: showSentFraction,
    });
    location.assign(page);
  } catch (failure) {
    setSending(false);
    show();
    fail(asApiError(failure).message);
  }
}

function fail(message: string): void {
  showError(message);
  error.focus();
}

/** This server's usual time for each quality with the chosen engine. */
function showEstimates(): void {
  for (const [quality, seconds] of Object.entries(data.estimates[engineField.value] ?? {})) {
    setText(find(`[data-estimate="${quality}"]`, form), `about ${formatDuration(seconds)}`);
  }
}

/** Photos of an earlier job that is made again, or chosen before sign-in. */
async function loadWaitingPhotos(): Promise<void> {
  if (data.earlier.length === 0) return addPhotos(await takeStoredPhotos());
  const files = await Promise.all(data.earlier.map(({ url, name }) => fetchFile(url, name))).catch(() => null);
  if (!files) return showError("The photos of the earlier job are no longer available. Choose them again.");
  addPhotos(files, (item, index) => {
    const { side, subject } = data.earlier[index] ?? { side: null, subject: null };
    Object.assign(item, { side: side ?? item.side, subject });
  });
}

/** The photo that the result page asked for is marked with its side; only the first one. */
function setExpectedSide(item: UploadItem): void {
  const taken = items.some(({ side }) => side === data.add_side);
  if (data.add_side && !taken) item.side = data.add_side;
}

function wireStage(): void {
  const photo = need("[data-cut-photo]", form);
  photo.addEventListener("error", () => {
    photo.hidden = true;
  });
  need("[data-cut-edit]", form).addEventListener("click", () => void adjust());
  need("[data-cut-undo]", form).addEventListener("click", resetEdit);
  need("[data-cut-again]", form).addEventListener("click", () => {
    const item = itemById(chosen);
    if (!item) return;
    requestCutout(item);
    show();
  });
  need("[data-cut-pick]", form).addEventListener("click", togglePicking);
  const own = need<HTMLInputElement>("[data-cut-own]", form);
  own.addEventListener("change", () => replacePhoto(own));
}

/** The latest choice counts: with another mask, what the visitor uploaded as a cutout is treated like any picture. */
function onMaskChange(): void {
  for (const item of items) item.own = false;
  requestAll();
}

const picker = new Picker(
  need<HTMLCanvasElement>("[data-cut-picture]", form),
  need("[data-cut-marker]", form),
  pickSubject,
);
const camera = need<HTMLInputElement>("[data-camera]", form);
need("[data-camera-button]", form).hidden = !hasCamera();
wireIntake({ drop: need("[data-drop]", form), inputs: [input, camera] }, (files) => addPhotos(files, setExpectedSide));
wireStage();
form.addEventListener("change", renewIdempotencyKey);
maskField.addEventListener("change", onMaskChange);
keepField.addEventListener("change", requestAll);
engineField.addEventListener("change", showEstimates);
wireQualityDefaults(form);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!submit.disabled) void send();
});
// Back from the next page: the browser may show this one as it was while sending.
window.addEventListener("pageshow", (event) => event.persisted && setSending(false));
renewIdempotencyKey();
show();
void loadWaitingPhotos();
