/** Loads a GLB and puts it on the stage: centred, its bounding sphere of radius 1. */
import { Box3, type Group, Mesh, Sphere, Vector3 } from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

export interface Loaded {
  root: Group;
  meshes: Mesh[];
}

/** `onProgress` gets a fraction, or null while the size is unknown. Rejects when the file is missing or broken. */
export async function loadModel(url: string, onProgress: (fraction: number | null) => void): Promise<Loaded> {
  const gltf = await new GLTFLoader().loadAsync(url, (event) => {
    onProgress(event.lengthComputable ? event.loaded / event.total : null);
  });
  normalise(gltf.scene);
  return { root: gltf.scene, meshes: meshesOf(gltf.scene) };
}

function meshesOf(root: Group): Mesh[] {
  const meshes: Mesh[] = [];
  root.traverse((object) => object instanceof Mesh && meshes.push(object));
  return meshes;
}

function normalise(root: Group): void {
  const box = new Box3().setFromObject(root);
  const center = box.getCenter(new Vector3());
  const radius = box.getBoundingSphere(new Sphere()).radius || 1;
  root.scale.setScalar(1 / radius);
  root.position.copy(center).multiplyScalar(-1 / radius);
}
