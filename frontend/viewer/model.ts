/** Loads a GLB, or an OBJ with its MTL; centred, its farthest vertex at distance 1. */
import { Box3, type Group, type Material, Mesh, Vector3 } from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

export interface Loaded {
  root: Group;
  meshes: Mesh<Mesh["geometry"], Material>[];
  /** Extent of the model in scene units: x to the photo's right, y up, z towards the photo's camera. */
  size: Vector3;
}

export type OnProgress = (fraction: number | null) => void;

/** `onProgress` gets a fraction, or null while the size is unknown. Rejects if a file is missing or broken. */
export async function loadModel(url: string, onProgress: OnProgress): Promise<Loaded> {
  const root = url.endsWith(".obj") ? await loadObj(url, onProgress) : await loadGlb(url, onProgress);
  const meshes = meshesOf(root);
  if (meshes.length === 0) throw new Error(`${url} has no mesh`);
  for (const { geometry } of meshes) if (!geometry.hasAttribute("normal")) geometry.computeVertexNormals();
  return { root, meshes, size: normalize(root, meshes) };
}

async function loadGlb(url: string, onProgress: OnProgress): Promise<Group> {
  return (await new GLTFLoader().loadAsync(url, progressHandler(onProgress))).scene;
}

async function loadObj(url: string, onProgress: OnProgress): Promise<Group> {
  return (await import("./obj")).loadObj(url, progressHandler(onProgress));
}

function progressHandler(onProgress: OnProgress): (event: ProgressEvent) => void {
  return (event) => onProgress(event.lengthComputable ? event.loaded / event.total : null);
}

function meshesOf(root: Group): Loaded["meshes"] {
  const meshes: Loaded["meshes"] = [];
  root.traverse((object) => object instanceof Mesh && meshes.push(object as Loaded["meshes"][number]));
  return meshes;
}

/** Centres and scales `root`; returns its new extent. */
function normalize(root: Group, meshes: Mesh[]): Vector3 {
  const box = new Box3().setFromObject(root);
  const center = box.getCenter(new Vector3());
  const scale = 1 / (farthestDistance(meshes, center) || 1);
  root.scale.setScalar(scale);
  root.position.copy(center).multiplyScalar(-scale);
  root.updateMatrixWorld(true);
  return box.getSize(new Vector3()).multiplyScalar(scale);
}

/** Distance from `center` to the farthest vertex; smaller than half the box's diagonal, so the model fills the view. */
function farthestDistance(meshes: Mesh[], center: Vector3): number {
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
