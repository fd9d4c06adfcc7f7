// The upload page: choose, drop, paste or take 1 to 5 photos, check and adjust their cutouts, send them once.
import { type Edit, exportCutout } from "./cutout/picture";
import { all, find, icon, need, readJson, setText } from "./lib/dom";
import { formatDuration, formatPercent } from "./lib/format";
import { ApiError, upload } from "./lib/http";
import { type Limits, photoProblem } from "./lib/photo";
import { randomUuid } from "./lib/uuid";
import { type Checked, refusal } from "./upload/check";
import { type Cut, cutPhoto, emptyCut, isEdited } from "./upload/cut";
import { fetchFile, hasCamera, wireIntake } from "./upload/intake";
import { added, moved, removed, sideProblem, type UploadItem } from "./upload/items";
import { showList } from "./upload/list";
import { type CutState, showStage } from "./upload/stage";
import { takeStoredPhotos } from "./upload/stored_photos";

interface UploadData {
  max_bytes: number;
  max_photos: number;
  accept: string;
  sides: [string, string][];
  cutout_url: string;
  estimates: Record<string, Record<string, number | null>>;
  earlier: { url: string; name: string; side: string | null }[];
}

const form = need<HTMLFormElement>("[data-upload]");
const data = readJson<UploadData>("upload-data");
const limits: Limits = { maxBytes: data.max_bytes, accept: data.accept };
const labels = new Map(data.sides);
const input = need<HTMLInputElement>("#photo", form);
const error = need("[data-error]", form);
const submit = need<HTMLButtonElement>("button[type=submit]", form);
const cuts = new Map<number, CutState>();
const urls = new Map<number, string>();
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
  showStage(
    need("[data-cut]", form),
    item ? (cuts.get(item.id) ?? null) : null,
    item ? (urls.get(item.id) ?? null) : null,
  );
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
  const keepBackground = find<HTMLInputElement>("[name=keep_background]", form)?.checked ?? false;
  const reason = refusal(items.map(checkedPhoto), keepBackground);
  const blocked = need("[data-blocked]", form);
  setText(blocked, reason ?? "");
  blocked.hidden = reason === null;
  submit.disabled = sending || items.length === 0 || reason !== null;
}

function checkedPhoto(item: UploadItem): Checked {
  const state = cuts.get(item.id);
  if (state?.kind !== "failed") return { status: 0, code: "", message: "", edited: false };
  const { status, code, message } = state.error;
  return { status, code, message, edited: state.cut !== null && isEdited(state.cut) };
}

function thumbnail(item: UploadItem): HTMLElement {
  const image = new Image();
  image.alt = "";
  image.addEventListener("error", () => image.replaceWith(icon("image"))); // a format that only the server can decode
  image.src = urls.get(item.id) ?? "";
  return image;
}

/** Adds the usable `files`, and explains why the others are rejected. */
function addPhotos(files: File[]): void {
  if (sending || files.length === 0) return;
  const problems = files.map((file) => photoProblem(file, limits));
  const accepted = files.filter((_, index) => problems[index] === null);
  const before = items.length;
  items = added(items, accepted, data.max_photos, nextId);
  const newItems = items.slice(before);
  nextId += newItems.length;
  for (const item of newItems) requestCutout(item);
  chosen = newItems[0]?.id ?? chosen;
  const excess =
    accepted.length > newItems.length ? `You can use up to ${data.max_photos} photos for one model.` : null;
  showError([...new Set([...problems, excess])].filter((message) => message !== null).join(" "));
  refresh();
}

/** Requests the automatic cutout of the photo. */
function requestCutout(item: UploadItem): void {
  urls.set(item.id, URL.createObjectURL(item.file));
  cuts.set(item.id, { kind: "waiting" });
  const onState = (state: CutState): void => {
    if (!items.includes(item)) return;
    cuts.set(item.id, state);
    if (state.kind === "ready") showThumbnail(item, state.cut);
    show();
  };
  cutPhoto(data.cutout_url, item.file).then(
    (cut) => onState({ kind: "ready", cut }),
    async (failure: unknown) => onState({ kind: "failed", error: asApiError(failure), cut: await emptyCut(item.file) }),
  );
}

/** Shows the photo as decoded by the server, since browsers may not decode it themselves (HEIC). */
function showThumbnail(item: UploadItem, cut: Cut): void {
  cut.photo.toBlob(
    (blob) => {
      if (!blob || !urls.has(item.id)) return;
      setUrl(item.id, URL.createObjectURL(blob));
      show();
    },
    "image/webp",
    0.8,
  );
}

function setUrl(id: number, url: string | null): void {
  const old = urls.get(id);
  if (old) URL.revokeObjectURL(old);
  if (url) urls.set(id, url);
  else urls.delete(id);
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
  cuts.delete(id);
  setUrl(id, null);
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
  setUrl(item.id, null);
  item.file = file;
  requestCutout(item);
  refresh();
}

async function adjust(): Promise<void> {
  const id = chosen;
  const state = id === null ? null : cuts.get(id);
  if (!state || state.kind === "waiting" || !state.cut) return;
  const { Editor } = await import("./cutout/editor");
  editor ??= new Editor(need<HTMLDialogElement>("[data-editor]"));
  const edit = await editor.open(state.cut.photo, state.cut.automatic, state.cut.edit);
  if (edit) keepEdit(state.cut, edit);
}

let editor: import("./cutout/editor").Editor | null = null;

function keepEdit(cut: Cut, edit: Edit): void {
  cut.edit = edit;
  refresh();
}

function resetEdit(): void {
  const state = chosen === null ? null : cuts.get(chosen);
  if (state && state.kind !== "waiting" && state.cut) keepEdit(state.cut, state.cut.automatic);
}

/** What is sent for a photo: the edited cutout if there is one, else the file itself. */
async function photoToSend(item: UploadItem): Promise<File> {
  const state = cuts.get(item.id);
  if (!state || state.kind === "waiting" || !state.cut || !isEdited(state.cut)) return item.file;
  const blob = await exportCutout(state.cut.photo, state.cut.edit);
  if (!blob) throw new ApiError(400, "The cutout is empty. Add something to it, or use the automatic cutout.");
  return new File([blob], `${item.file.name.replace(/\.[^.]*$/, "")}.png`, { type: "image/png" });
}

function isEditedPhoto(id: UploadItem["id"]): boolean {
  const state = cuts.get(id);
  return Boolean(state && state.kind !== "waiting" && state.cut && isEdited(state.cut));
}

async function formToSend(): Promise<FormData> {
  const body = new FormData(form);
  for (const name of ["csrfmiddlewaretoken", "photo"]) body.delete(name);
  for (const item of items) {
    // biome-ignore lint/performance/noAwaitInLoops: in turn, so that one full-size canvas at a time is in memory
    body.append("photo", await photoToSend(item));
    body.append("side", item.side);
  }
  // What a visitor cut out is the object, even if it is a rectangle.
  if (items.some(({ id }) => isEditedPhoto(id))) body.set("mask", "alpha");
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

function asApiError(failure: unknown): ApiError {
  if (failure instanceof ApiError) return failure;
  console.error(failure);
  return new ApiError(0, "Something went wrong in your browser. You can still send the photo as it is.");
}

/** This server's usual time for each quality with the chosen engine. */
function showEstimates(): void {
  const engine = need<HTMLSelectElement>("#engine", form).value;
  for (const [quality, seconds] of Object.entries(data.estimates[engine] ?? {})) {
    setText(find(`[data-estimate="${quality}"]`, form), seconds === null ? "" : `about ${formatDuration(seconds)}`);
  }
}

/** Photos of an earlier job that is made again, or chosen before sign-in. */
async function loadWaitingPhotos(): Promise<void> {
  if (data.earlier.length === 0) return addPhotos(await takeStoredPhotos());
  const files = await Promise.all(data.earlier.map(({ url, name }) => fetchFile(url, name))).catch(() => null);
  if (!files) return showError("The photos of the earlier job are no longer available. Choose them again.");
  addPhotos(files);
  for (const [index, photo] of data.earlier.entries()) if (photo.side) setSide(items[index]?.id ?? 0, photo.side);
  show();
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
  const own = need<HTMLInputElement>("[data-cut-own]", form);
  own.addEventListener("change", () => replacePhoto(own));
}

const camera = need<HTMLInputElement>("[data-camera]", form);
need("[data-camera-button]", form).hidden = !hasCamera();
wireIntake({ drop: need("[data-drop]", form), inputs: [input, camera] }, addPhotos);
wireStage();
form.addEventListener("change", renewIdempotencyKey);
form.addEventListener("change", showSubmit);
need("#engine", form).addEventListener("change", showEstimates);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!submit.disabled) void send();
});
// Back from the next page: the browser may show this one as it was while sending.
window.addEventListener("pageshow", (event) => event.persisted && setSending(false));
renewIdempotencyKey();
show();
void loadWaitingPhotos();
