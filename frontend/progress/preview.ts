/** The coarse model, available long before the final one, in a minimal viewer; loaded only when there is one. */
import { need, reducedMotion } from "../lib/dom";
import { loadModel } from "../viewer/model";
import { createModes } from "../viewer/modes";
import { createStage } from "../viewer/stage";

/** Resolves once the model is drawn. Rejects without WebGL or without the file. */
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
  if (motion) stage.rotateOnce();
  stage.add(model.root);
  stage.draw();
}
