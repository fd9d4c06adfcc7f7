// The upload page: choose, drop, paste or take 1 to 5 photos, see what is cut out of them, mend it, send it once.
import { type Edit, exportCut } from "./cutout/picture";
import { all, find, icon, need, readJson, setText } from "./lib/dom";
import { formatDuration, formatPercent } from "./lib/format";
import { ApiError, upload } from "./lib/http";
import { type Limits, photoProblem } from "./lib/photo";
import { randomUuid } from "./lib/uuid";
import { type Cut, cutPhoto, emptyCut, isEdited } from "./upload/cut";
import { fetchFile, hasCamera, wireIntake } from "./upload/intake";
import { takeKeptPhotos } from "./upload/kept";
import { showList } from "./upload/list";
import { added, moved, removed, type Shot, sideProblem } from "./upload/shots";
import { type CutState, showStage } from "./upload/stage";

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
let shots: Shot[] = [];
let chosen: number | null = null;
let nextId = 1;
let sending = false;

/** One key per choice of photos and options: sending the same choice twice gives the same job. */
function renewKey(): void {
  need<HTMLInputElement>("input[name=idempotency_key]", form).value = randomUuid();
}

function showError(sentence: string): void {
  setText(error, sentence);
  error.hidden = sentence === "";
}

function show(): void {
  const shot = shots.find((each) => each.id === chosen);
  showStage(
    need("[data-cut]", form),
    shot ? (cuts.get(shot.id) ?? null) : null,
    shot ? (urls.get(shot.id) ?? null) : null,
  );
  showList(need("[data-shots]", form), shots, chosen, data.sides, { select, move, remove, side }, thumbnail);
  const full = shots.length >= data.max_photos;
  need("[data-drop]", form).hidden = full;
  need("[data-drop]", form).classList.toggle("is-small", shots.length > 0);
  need("[data-advice]", form).hidden = shots.length > 0;
  need("[data-drop-first]", form).hidden = shots.length > 0;
  need("[data-drop-more]", form).hidden = shots.length === 0;
  input.required = shots.length === 0;
  submit.disabled = sending || shots.length === 0;
}

function thumbnail(shot: Shot): HTMLElement {
  const image = new Image();
  image.alt = "";
  image.addEventListener("error", () => image.replaceWith(icon("image"))); // a format that only the server can show
  image.src = urls.get(shot.id) ?? "";
  return image;
}

/** Takes what can be taken of `files`, and says why the rest cannot. */
function take(files: File[]): void {
  if (sending || files.length === 0) return;
  const problems = files.map((file) => photoProblem(file, limits));
  const good = files.filter((_, index) => problems[index] === null);
  const before = shots.length;
  shots = added(shots, good, data.max_photos, nextId);
  const fresh = shots.slice(before);
  nextId += fresh.length;
  for (const shot of fresh) look(shot);
  chosen = fresh[0]?.id ?? chosen;
  const over = good.length > fresh.length ? `At most ${data.max_photos} photos make one model.` : null;
  showError([...new Set([...problems, over])].filter((each) => each !== null).join(" "));
  changed();
}

/** Asks the server what it would cut out of the photo. */
function look(shot: Shot): void {
  urls.set(shot.id, URL.createObjectURL(shot.file));
  cuts.set(shot.id, { kind: "waiting" });
  const seen = (state: CutState): void => {
    if (!shots.includes(shot)) return;
    cuts.set(shot.id, state);
    if (state.kind === "ready") showThumbnail(shot, state.cut);
    show();
  };
  cutPhoto(data.cutout_url, shot.file).then(
    (cut) => seen({ kind: "ready", cut }),
    async (failure: unknown) => seen({ kind: "failed", sentence: sentenceOf(failure), cut: await emptyCut(shot.file) }),
  );
}

/** A format that the browser cannot show (HEIC) is shown as the server decoded it. */
function showThumbnail(shot: Shot, cut: Cut): void {
  cut.photo.toBlob(
    (blob) => {
      if (!blob || !urls.has(shot.id)) return;
      setUrl(shot.id, URL.createObjectURL(blob));
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

function select(id: number): void {
  chosen = id;
  show();
}

function move(id: number, by: -1 | 1): void {
  shots = moved(shots, id, by);
  changed();
}

function side(id: number, name: string): void {
  const shot = shots.find((each) => each.id === id);
  if (shot) shot.side = name;
  showError(sideProblem(shots, labels) ?? "");
  renewKey();
}

function remove(id: number): void {
  shots = removed(shots, id);
  cuts.delete(id);
  setUrl(id, null);
  if (chosen === id) chosen = shots[0]?.id ?? null;
  changed();
}

function changed(): void {
  renewKey();
  show();
}

/** Replaces the chosen photo by a picture that the visitor cut. */
function takeOwn(own: HTMLInputElement): void {
  const file = own.files?.[0];
  const shot = shots.find((each) => each.id === chosen);
  own.value = "";
  if (!file || !shot) return;
  const problem = photoProblem(file, limits);
  showError(problem ?? "");
  if (problem) return;
  setUrl(shot.id, null);
  shot.file = file;
  look(shot);
  changed();
}

async function adjust(): Promise<void> {
  const id = chosen;
  const state = id === null ? null : cuts.get(id);
  if (!state || state.kind === "waiting" || !state.cut) return;
  const { Editor } = await import("./cutout/editor");
  editor ??= new Editor(need<HTMLDialogElement>("[data-editor]"));
  const edit = await editor.open(state.cut.photo, state.cut.first, state.cut.edit);
  if (edit) keepEdit(state.cut, edit);
}

let editor: import("./cutout/editor").Editor | null = null;

function keepEdit(cut: Cut, edit: Edit): void {
  cut.edit = edit;
  changed();
}

function withdrawEdit(): void {
  const state = chosen === null ? null : cuts.get(chosen);
  if (state && state.kind !== "waiting" && state.cut) keepEdit(state.cut, state.cut.first);
}

/** The photo as it is sent: the visitor's own cutout where there is one, else the file itself. */
async function photoToSend(shot: Shot): Promise<File> {
  const state = cuts.get(shot.id);
  if (!state || state.kind === "waiting" || !state.cut || !isEdited(state.cut)) return shot.file;
  const blob = await exportCut(state.cut.photo, state.cut.edit);
  if (!blob)
    throw new ApiError(400, "Nothing is left of the object. Add something to the cutout, or use the server’s.");
  return new File([blob], `${shot.file.name.replace(/\.[^.]*$/, "")}.png`, { type: "image/png" });
}

async function formToSend(): Promise<FormData> {
  const body = new FormData(form);
  for (const name of ["csrfmiddlewaretoken", "photo"]) body.delete(name);
  for (const shot of shots) {
    // biome-ignore lint/performance/noAwaitInLoops: in turn, so that one full-size canvas at a time is in memory
    body.append("photo", await photoToSend(shot));
    body.append("side", shot.side);
  }
  return body;
}

function setSending(on: boolean): void {
  sending = on;
  form.setAttribute("aria-busy", String(on));
  need("[data-sending]", form).hidden = !on;
  for (const field of all<HTMLFieldSetElement>("fieldset", form)) field.disabled = on;
  for (const button of all<HTMLButtonElement>("[data-cut] button, [data-shots] button", form)) button.disabled = on;
  submit.disabled = on || shots.length === 0;
}

function showSent(fraction: number): void {
  need<HTMLProgressElement>("[data-sending] progress", form).value = fraction;
  const sentence = fraction < 1 ? `Sending: ${formatPercent(fraction)}` : "The server is checking the photo…";
  setText(need("[data-sending-text]", form), sentence);
}

async function send(): Promise<void> {
  const problem = sideProblem(shots, labels);
  if (problem) return fail(problem);
  showError("");
  showSent(0);
  try {
    const body = await formToSend(); // before the fields are disabled: a disabled field is not part of a form's data
    setSending(true);
    const idempotencyKey = String(body.get("idempotency_key"));
    const { page } = await upload<{ page: string }>({ url: form.action, body, idempotencyKey, onProgress: showSent });
    location.assign(page);
  } catch (failure) {
    setSending(false);
    show();
    fail(sentenceOf(failure));
  }
}

function fail(sentence: string): void {
  showError(sentence);
  error.focus();
}

function sentenceOf(failure: unknown): string {
  if (failure instanceof ApiError) return failure.message;
  console.error(failure);
  return "This did not work here. You can send the photo as it is.";
}

/** This server's usual time for each quality with the engine that is chosen. */
function showEstimates(): void {
  const engine = need<HTMLSelectElement>("#engine", form).value;
  for (const [quality, seconds] of Object.entries(data.estimates[engine] ?? {})) {
    setText(find(`[data-estimate="${quality}"]`, form), seconds === null ? "" : `about ${formatDuration(seconds)}`);
  }
}

/** Photos that wait for this page: of an earlier job that is made again, or chosen before the sign-in. */
async function takeWaiting(): Promise<void> {
  if (data.earlier.length === 0) return take(await takeKeptPhotos());
  const files = await Promise.all(data.earlier.map(({ url, name }) => fetchFile(url, name))).catch(() => null);
  if (!files) return showError("The photos of the earlier job are no longer there. Choose them again.");
  take(files);
  for (const [index, photo] of data.earlier.entries()) if (photo.side) side(shots[index]?.id ?? 0, photo.side);
  show();
}

function wireStage(): void {
  const photo = need("[data-cut-photo]", form);
  photo.addEventListener("error", () => {
    photo.hidden = true;
  });
  need("[data-cut-edit]", form).addEventListener("click", () => void adjust());
  need("[data-cut-undo]", form).addEventListener("click", withdrawEdit);
  need("[data-cut-again]", form).addEventListener("click", () => {
    const shot = shots.find((each) => each.id === chosen);
    if (!shot) return;
    look(shot);
    show();
  });
  const own = need<HTMLInputElement>("[data-cut-own]", form);
  own.addEventListener("change", () => takeOwn(own));
}

const camera = need<HTMLInputElement>("[data-camera]", form);
need("[data-camera-button]", form).hidden = !hasCamera();
wireIntake({ drop: need("[data-drop]", form), inputs: [input, camera] }, take);
wireStage();
form.addEventListener("change", renewKey);
need("#engine", form).addEventListener("change", showEstimates);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!sending && shots.length > 0) void send();
});
// Back from the next page: the browser may show this one as it was while sending.
window.addEventListener("pageshow", (event) => event.persisted && setSending(false));
renewKey();
show();
void takeWaiting();
