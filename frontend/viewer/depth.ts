/** Previews the remix form's depth: vertices move along the rays of the main photo, as in ml/scene/stretched.py. */
import { type BufferAttribute, type Mesh, type PerspectiveCamera, Vector3 } from "three";
import { find, setText } from "../lib/dom";
import type { Loaded } from "./model";
import { cameraOf, type PhotoCamera, targetOf } from "./posed_photo";
import type { Stage } from "./stage";

/** Least depth of a vertex, as a fraction of the camera's distance. */
const MIN_DEPTH = 0.05;

/** The camera in the frame of a mesh: position, direction of view, distance of its target. */
export interface View {
  position: Vector3;
  forward: Vector3;
  distance: number;
}

/** Redraws the model as the slider moves. `compare` has the photos; the model was made with the slider's first value. */
export function wireDepth(slider: HTMLInputElement, compare: HTMLElement, stage: Stage, model: Loaded): void {
  const photos = JSON.parse(compare.dataset["shots"] ?? "[]") as { camera: PhotoCamera }[];
  const photo = photos[0]?.camera;
  if (!photo) return;
  const camera = cameraOf(photo, model.root);
  const target = targetOf(photo, model.root);
  const surfaces = model.meshes.map((mesh) => {
    const position = mesh.geometry.getAttribute("position") as BufferAttribute;
    return { position, original: Float32Array.from(position.array), view: viewOf(mesh, camera, target) };
  });
  const made = Number(slider.defaultValue) || 1;
  slider.addEventListener("input", () => {
    setText(find("[data-depth-value]"), slider.value);
    for (const { position, original, view } of surfaces) {
      position.array.set(moveInDepth(original, view, Number(slider.value) / made));
      position.needsUpdate = true;
    }
    stage.invalidate();
  });
}

function viewOf(mesh: Mesh, camera: PerspectiveCamera, target: Vector3): View {
  const position = mesh.worldToLocal(camera.position.clone());
  const forward = mesh.worldToLocal(target.clone()).sub(position);
  return { position, forward: forward.clone().normalize(), distance: forward.length() };
}

/** Positions (x, y, z, x, …) whose depth offset from the camera's distance is multiplied by `factor`. */
export function moveInDepth(positions: Float32Array, view: View, factor: number): Float32Array {
  const moved = new Float32Array(positions.length);
  const least = MIN_DEPTH * view.distance;
  const offset = new Vector3();
  for (let i = 0; i < positions.length; i += 3) {
    offset.fromArray(positions, i).sub(view.position);
    const depth = Math.max(offset.dot(view.forward), least);
    const wanted = Math.max(view.distance + (depth - view.distance) * factor, least);
    offset
      .multiplyScalar(wanted / depth)
      .add(view.position)
      .toArray(moved, i);
  }
  return moved;
}
