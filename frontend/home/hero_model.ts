/** The viewer of the home page, loaded on demand: the model alone, without tools. */
import { reducedMotion } from "../lib/dom";
import { loadModel } from "../viewer/model";
import { createModes } from "../viewer/modes";
import { createStage } from "../viewer/stage";

/** Rejects if the browser has no WebGL or the model is missing. */
export async function showModel(hero: HTMLElement, canvas: HTMLCanvasElement, url: string): Promise<void> {
  const stage = createStage(hero, canvas, { motion: false, onContext: () => undefined, onResize: () => undefined });
  const model = await loadModel(url, () => undefined);
  createModes(model, stage.maxAnisotropy);
  stage.add(model.root);
  stage.controls.enableZoom = matchMedia("(pointer: fine)").matches;
  if (!reducedMotion()) stage.rotateOnce();
  stage.controls.addEventListener("start", () => {
    stage.controls.autoRotate = false;
  });
  stage.draw();
}
