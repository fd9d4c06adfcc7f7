/** The coarse model that comes long before the fine one, in a light view of its own; loaded only when there is one. */
import { need, reducedMotion } from "../lib/dom";
import { loadModel } from "../viewer/model";
import { createModes } from "../viewer/modes";
import { createStage } from "../viewer/stage";

/** Resolves once the model is drawn. Rejects where there is no WebGL or no file. */
export async function showPreview(host: HTMLElement, url: string): Promise<void> {
  const model = await loadModel(url, () => undefined);
  const motion = !reducedMotion();
  const stage = createStage(host, need<HTMLCanvasElement>("canvas", host), {
    motion,
    onContext: () => undefined,
    onResize: () => undefined,
  });
  createModes(model, stage.maxAnisotropy).set("lit");
  stage.needLight();
  stage.controls.autoRotate = motion;
  stage.put(model.root);
  stage.draw();
}
