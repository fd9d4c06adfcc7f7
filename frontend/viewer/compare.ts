/** Fills the compare slider: the model, drawn as the photo's camera sees it, over the photo's cutout. */
import { all, need } from "../lib/dom";
import { context2d } from "./canvas";
import type { Loaded } from "./model";
import { eyeOf, type ShotCamera } from "./shots";
import type { Stage } from "./stage";

/** One photo of the report: where its cutout lies and the camera that took it. */
interface Shot {
  url: string;
  camera: ShotCamera;
}

/** Pixels of the model's picture; the cutout has 512 too. */
const SIZE = 512;

/** Draws now, while the model wears its texture; the slider itself is CSS and one range input. */
export function fillCompare(section: HTMLElement, stage: Stage, model: Loaded): void {
  const shots = JSON.parse(section.dataset["shots"] ?? "[]") as Shot[];
  const drawn = shots.map(({ url, camera }) => ({ url, picture: drawShot(stage, model, camera) }));
  const photo = need<HTMLImageElement>("[data-compare-photo]", section);
  const pen = need<HTMLCanvasElement>("canvas", section).getContext("2d");
  const show = (index: number): void => {
    const shot = drawn[index];
    if (!shot || !pen) return;
    photo.src = shot.url;
    pen.clearRect(0, 0, SIZE, SIZE);
    pen.drawImage(shot.picture, 0, 0);
    for (const button of all("[data-shot]", section))
      button.setAttribute("aria-pressed", String(button.dataset["shot"] === String(index)));
  };
  for (const button of all("[data-shot]", section))
    button.addEventListener("click", () => show(Number(button.dataset["shot"])));
  show(0);
  wireSlider(section);
  section.dataset["ready"] = "true";
}

function drawShot(stage: Stage, model: Loaded, camera: ShotCamera): HTMLCanvasElement {
  const pen = context2d(SIZE, SIZE);
  stage.shoot(eyeOf(camera, model.root), pen);
  return pen.canvas;
}

function wireSlider(section: HTMLElement): void {
  const frame = need("[data-compare-frame]", section);
  const range = need<HTMLInputElement>('input[type="range"]', section);
  const move = (): void => {
    frame.style.setProperty("--at", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} % photo`);
  };
  range.addEventListener("input", move);
  move();
}
