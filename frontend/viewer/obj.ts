/** OBJ with its MTL and texture, found beside it under their own names. Loaded only when somebody asks for the OBJ. */
import type { Group } from "three";
import { MTLLoader } from "three/addons/loaders/MTLLoader.js";
import { OBJLoader } from "three/addons/loaders/OBJLoader.js";

export async function loadObj(url: string, onProgress: (event: ProgressEvent) => void): Promise<Group> {
  const materials = await new MTLLoader().loadAsync(url.replace(/\.obj$/, ".mtl"));
  materials.preload();
  return new OBJLoader().setMaterials(materials).loadAsync(url, onProgress);
}
