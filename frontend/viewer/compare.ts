/** Fills the compare slider: the model, rendered from the photo's camera, over the photo's cutout. */
import { all, need } from "../lib/dom";
import { context2d } from "./canvas";
import type { Loaded } from "./model";
import { cameraOf, type PhotoCamera } from "./posed_photo";
import type { Stage } from "./stage";

/** One photo of the report: the URL of its cutout and the camera that took it. */
interface PosedPhoto {
  url: string;
  camera: PhotoCamera;
}

/** Side of the rendered image in pixels, as the cutout's. */
const SIZE = 512;

/** Renders immediately, while the model shows its texture; the slider itself is CSS and a range input. */
export function fillCompare(section: HTMLElement, stage: Stage, model: Loaded): void {
  const photos = JSON.parse(section.dataset["shots"] ?? "[]") as PosedPhoto[];
  const rendered = photos.map(({ url, camera }) => ({ url, picture: renderPhoto(stage, model, camera) }));
  const photo = need<HTMLImageElement>("[data-compare-photo]", section);
  const context = need<HTMLCanvasElement>("canvas", section).getContext("2d");
  const show = (index: number): void => {
    const current = rendered[index];
    if (!current || !context) return;
    photo.src = current.url;
    context.clearRect(0, 0, SIZE, SIZE);
    context.drawImage(current.picture, 0, 0);
    for (const button of all("[data-photo-index]", section))
      button.setAttribute("aria-pressed", String(button.dataset["photoIndex"] === String(index)));
  };
  for (const button of all("[data-photo-index]", section))
    button.addEventListener("click", () => show(Number(button.dataset["photoIndex"])));
  show(0);
  wireSlider(section);
  section.dataset["ready"] = "true";
}

function renderPhoto(stage: Stage, model: Loaded, camera: PhotoCamera): HTMLCanvasElement {
  const context = context2d(SIZE, SIZE);
  stage.renderFrom(cameraOf(camera, model.root), context);
  return context.canvas;
}

function wireSlider(section: HTMLElement): void {
  const frame = need("[data-compare-frame]", section);
  const range = need<HTMLInputElement>('input[type="range"]', section);
  const move = (): void => {
    frame.style.setProperty("--at", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value}% photo`);
  };
  range.addEventListener("input", move);
  move();
}
