/** A photo that is chosen, dropped or pasted here, or one of our samples: kept in this browser for the upload page. */
import { all, need, setText } from "../lib/dom";
import { type Limits, photoProblem } from "../lib/photo";
import { fetchFile, wireIntake } from "../upload/intake";
import { keepPhotos } from "../upload/kept";

const NOT_KEPT = "This browser keeps nothing between two pages. Go on to “New model” and choose the photo there.";

export function wirePhotos(drop: HTMLElement): void {
  const input = need<HTMLInputElement>("input", drop);
  const limits: Limits = { maxBytes: Number(drop.dataset["maxBytes"]), accept: input.accept };
  const next = drop.dataset["upload"] ?? "/";
  wireIntake({ drop, inputs: [input] }, (files) => void goOn(files, limits, next));
  need("[data-samples]").hidden = false;
  for (const button of all<HTMLButtonElement>("[data-sample]")) {
    button.addEventListener("click", () => void trySample(button, limits, next));
  }
}

async function trySample(button: HTMLButtonElement, limits: Limits, next: string): Promise<void> {
  const { sample = "", name = "" } = button.dataset;
  const file = await fetchFile(sample, name).catch(() => null);
  if (file) await goOn([file], limits, next);
  else say("The sample could not be loaded. Try again.");
}

/** To the upload page, by way of the sign-in where that is needed. */
async function goOn(files: File[], limits: Limits, next: string): Promise<void> {
  if (files.length === 0) return;
  const problem = files.map((file) => photoProblem(file, limits)).find((each) => each !== null);
  if (problem) return say(problem);
  if (await keepPhotos(files)) location.assign(next);
  else say(NOT_KEPT);
}

function say(sentence: string): void {
  const error = need("[data-home-error]");
  setText(error, sentence);
  error.hidden = false;
}
