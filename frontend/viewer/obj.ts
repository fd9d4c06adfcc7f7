/** An OBJ with the MTL and texture next to it. Loaded only when the OBJ is chosen. */
import type { Group } from "three";
import { MTLLoader } from "three/addons/loaders/MTLLoader.js";
import { OBJLoader } from "three/addons/loaders/OBJLoader.js";

export async function loadObj(url: string, onProgress: (event: ProgressEvent) => void): Promise<Group> {
  const materials = await new MTLLoader().loadAsync(url.replace(/\.obj$/, ".mtl"));
  materials.preload();
  return new OBJLoader().setMaterials(materials).loadAsync(url, onProgress);
}
