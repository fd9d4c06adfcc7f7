/** How the surface is shown. "texture" is unlit, so that colours on the screen equal the texture's. */
import { type Material, Mesh, MeshBasicMaterial, MeshNormalMaterial, MeshStandardMaterial } from "three";
import type { Loaded } from "./model";

export type Mode = "texture" | "lit" | "clay" | "normals";
export const MODES: readonly Mode[] = ["texture", "lit", "clay", "normals"];

export interface Modes {
  set: (mode: Mode) => void;
  wireframe: (on: boolean) => void;
}

const clay = new MeshStandardMaterial({ color: 0xcfc8bd, roughness: 0.9, metalness: 0 });
const normals = new MeshNormalMaterial();
const wire = new MeshBasicMaterial({ color: 0x101414, wireframe: true, transparent: true, opacity: 0.45, toneMapped: false });

function unlit(own: MeshStandardMaterial): MeshBasicMaterial {
  const { map, vertexColors, color, side } = own;
  return new MeshBasicMaterial({ map, vertexColors, color, side, toneMapped: false });
}

function materialsOf(mesh: Mesh, anisotropy: number): Record<Mode, Material> {
  const own = mesh.material as MeshStandardMaterial;
  own.metalness = 0; // the files carry none; a viewer's default would turn the model dark
  if (own.map) own.map.anisotropy = anisotropy;
  return { texture: unlit(own), lit: own, clay, normals };
}

/** A second mesh on the same geometry that draws the edges; pushed towards the eye a little by its parent's offset. */
function edgesOf(mesh: Mesh): Mesh {
  const edges = new Mesh(mesh.geometry, wire);
  edges.visible = false;
  edges.renderOrder = 1;
  mesh.add(edges);
  return edges;
}

function offset(material: Material): void {
  material.polygonOffset = true;
  material.polygonOffsetFactor = 1;
  material.polygonOffsetUnits = 1;
}

export function createModes(model: Loaded, anisotropy: number): Modes {
  const surfaces = model.meshes.map((mesh) => ({ mesh, materials: materialsOf(mesh, anisotropy), edges: edgesOf(mesh) }));
  surfaces.forEach(({ materials }) => Object.values(materials).forEach(offset));
  const set = (mode: Mode): void => surfaces.forEach(({ mesh, materials }) => (mesh.material = materials[mode]));
  const wireframe = (on: boolean): void => surfaces.forEach(({ edges }) => (edges.visible = on));
  set("texture");
  return { set, wireframe };
}
