// The upload page: choose, drop or paste one photo, see it, send it once, watch it travel.
import { all, find, need, setText } from "./lib/dom";
import { formatBytes, formatPercent } from "./lib/format";
import { ApiError, upload } from "./lib/http";
import type { Job } from "./lib/job";
import { type Limits, photoProblem } from "./lib/photo";
import { randomUuid } from "./lib/uuid";

const form = need<HTMLFormElement>("[data-upload]");
const input = need<HTMLInputElement>("input[type=file]", form);
const drop = need("[data-drop]", form);
const preview = need<HTMLImageElement>("[data-preview]", form);
const error = need("[data-error]", form);
const submit = need<HTMLButtonElement>("button[type=submit]", form);
const bar = need<HTMLProgressElement>("[data-sending] progress", form);
const limits: Limits = { maxBytes: Number(form.dataset["maxBytes"]), accept: input.accept };
let sending = false;

/** One key per choice of photo and options: sending the same choice twice gives the same job. */
function renewKey(): void {
  need<HTMLInputElement>("input[name=idempotency_key]", form).value = randomUuid();
}

function showError(sentence: string): void {
  setText(error, sentence);
  error.hidden = sentence === "";
}

function showChoice(file: File | null): void {
  if (preview.src) URL.revokeObjectURL(preview.src);
  drop.dataset["chosen"] = String(file !== null);
  preview.hidden = file === null;
  if (file) preview.src = URL.createObjectURL(file);
  else preview.removeAttribute("src");
  setText(find("[data-file-name]", form), file ? `${file.name} · ${formatBytes(file.size)}` : "");
  submit.disabled = file === null;
}

/** Takes the photo that the file input now holds, or says why not. */
function takeChosen(): void {
  const file = input.files?.[0] ?? null;
  const problem = file && photoProblem(file, limits);
  if (problem) input.value = "";
  showError(problem ?? "");
  showChoice(problem ? null : file);
}

/** Puts a dropped or pasted file into the file input, so that there is one way on. */
function offer(files: FileList | undefined): void {
  const file = files?.[0];
  if (!file || sending) return;
  const transfer = new DataTransfer();
  transfer.items.add(file);
  input.files = transfer.files;
  renewKey();
  takeChosen();
}

function wireDropAndPaste(): void {
  const hover = (on: boolean) => drop.classList.toggle("is-over", on);
  document.addEventListener("dragover", (event) => (event.preventDefault(), hover(true)));
  document.addEventListener("dragleave", (event) => event.relatedTarget === null && hover(false));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    hover(false);
    offer(event.dataTransfer?.files);
  });
  document.addEventListener("paste", (event) => offer(event.clipboardData?.files));
}

function setSending(on: boolean): void {
  sending = on;
  form.setAttribute("aria-busy", String(on));
  need("[data-sending]", form).hidden = !on;
  for (const field of all<HTMLFieldSetElement>("fieldset", form)) field.disabled = on;
  submit.disabled = on || !input.files?.length;
}

function showSent(fraction: number): void {
  bar.value = fraction;
  const sentence = fraction < 1 ? `Sending the photo: ${formatPercent(fraction)}` : "The server is checking the photo…";
  setText(need("[data-sending-text]", form), sentence);
}

async function send(): Promise<void> {
  const body = new FormData(form);
  const idempotencyKey = String(body.get("idempotency_key"));
  for (const name of ["csrfmiddlewaretoken", "idempotency_key"]) body.delete(name);
  setSending(true);
  showError("");
  showSent(0);
  try {
    const job = await upload<Job>({ url: form.dataset["api"] ?? "", body, idempotencyKey, onProgress: showSent });
    location.assign(job.urls.page);
  } catch (failure) {
    setSending(false);
    showError(failure instanceof ApiError ? failure.message : "The photo could not be sent. Try again.");
    error.focus();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!sending) void send();
});
form.addEventListener("change", renewKey);
input.addEventListener("change", takeChosen);
// HEIC: most browsers cannot show it, the server can read it.
preview.addEventListener("error", () => (preview.hidden = true));
// Back from the next page: the browser may restore the form as it was while sending.
window.addEventListener("pageshow", () => {
  setSending(false);
  takeChosen();
});
wireDropAndPaste();
renewKey();
