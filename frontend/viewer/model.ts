/** Loads a GLB and puts it on the stage: centred, its farthest vertex at distance 1. */
import { Box3, type Group, Mesh, Vector3 } from "three";
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
  const meshes = meshesOf(gltf.scene);
  for (const { geometry } of meshes) if (!geometry.hasAttribute("normal")) geometry.computeVertexNormals();
  normalise(gltf.scene);
  return { root: gltf.scene, meshes };
}

function meshesOf(root: Group): Mesh[] {
  const meshes: Mesh[] = [];
  root.traverse((object) => object instanceof Mesh && meshes.push(object));
  return meshes;
}

function normalise(root: Group): void {
  const center = new Box3().setFromObject(root).getCenter(new Vector3());
  const scale = 1 / (reach(meshesOf(root), center) || 1);
  root.scale.setScalar(scale);
  root.position.copy(center).multiplyScalar(-scale);
}

/** Distance from `center` to the farthest vertex; closer than half the box's diagonal, so the model fills the view. */
function reach(meshes: Mesh[], center: Vector3): number {
  const point = new Vector3();
  let farthest = 0;
  for (const mesh of meshes) {
    const position = mesh.geometry.getAttribute("position");
    for (let i = 0; i < position.count; i += 1) {
      point.fromBufferAttribute(position, i).applyMatrix4(mesh.matrixWorld);
      farthest = Math.max(farthest, point.distanceToSquared(center));
    }
  }
  return Math.sqrt(farthest);
}
