/** Stores a chosen, dropped or pasted photo, or one of our samples, in the browser for the upload page. */
import { all, need, setText } from "../lib/dom";
import { type Limits, photoProblem } from "../lib/photo";
import { fetchFile, wireIntake } from "../upload/intake";
import { storePhotos } from "../upload/stored_photos";

const NOT_STORED = "This browser can't keep the photo between pages. Go to “New model” and choose it there.";

export function wirePhotos(drop: HTMLElement): void {
  const input = need<HTMLInputElement>("input", drop);
  const limits: Limits = { maxBytes: Number(drop.dataset["maxBytes"]), accept: input.accept };
  const next = drop.dataset["next"] ?? "/";
  wireIntake({ drop, inputs: [input] }, (files) => void openUpload(files, limits, next));
  need("[data-samples]").hidden = false;
  for (const button of all<HTMLButtonElement>("[data-sample]")) {
    button.addEventListener("click", () => void trySample(button, limits, next));
  }
}

async function trySample(button: HTMLButtonElement, limits: Limits, next: string): Promise<void> {
  const { sample = "", name = "" } = button.dataset;
  const file = await fetchFile(sample, name).catch(() => null);
  if (file) await openUpload([file], limits, next);
  else showError("The sample could not be loaded. Try again.");
}

/** Stores the photos and opens the next page: the upload page, for visitors sign-up first. */
async function openUpload(files: File[], limits: Limits, next: string): Promise<void> {
  if (files.length === 0) return;
  const problem = files.map((file) => photoProblem(file, limits)).find((message) => message !== null);
  if (problem) return showError(problem);
  if (await storePhotos(files)) location.assign(next);
  else showError(NOT_STORED);
}

function showError(message: string): void {
  const error = need("[data-home-error]");
  setText(error, message);
  error.hidden = false;
}
