/** Surface modes. "texture" is unlit, so colours on screen equal the texture's. */
import {
  Color,
  DoubleSide,
  Float32BufferAttribute,
  type Material,
  Mesh,
  MeshBasicMaterial,
  MeshMatcapMaterial,
  MeshNormalMaterial,
  MeshStandardMaterial,
  type MeshStandardMaterialParameters,
  type Texture,
} from "three";
import { checkerTexture } from "./checker";
import { matcapTexture } from "./matcap";
import type { Loaded } from "./model";

export const MODES = ["texture", "lit", "clay", "matcap", "normals", "uv", "seen"] as const;
export type Mode = (typeof MODES)[number];
/** Modes that need the stage's lights. */
export const LIT: readonly Mode[] = ["lit", "clay", "uv", "seen"];

/** Name that GLTFLoader gives the vertex attribute `_SEEN`: 1 where a photo shows the surface, 0 where it is predicted. */
const SEEN = "_seen";
const SEEN_COLOR = new Color("#2aa583");
/** Roughness of a model whose file says that it is matte. */
const SHEEN = 0.7;
const PREDICTED_COLOR = new Color("#e39a3c");

export interface Modes {
  /** The modes this model has data for. */
  available: Mode[];
  set: (mode: Mode) => void;
  wireframe: (on: boolean) => void;
}

type Surface = Loaded["meshes"][number];
type MaterialFactory = () => Material;

export function createModes(model: Loaded, anisotropy: number): Modes {
  const surfaces = model.meshes.map((mesh) => ({
    mesh,
    materialOf: materials(mesh, anisotropy),
    edges: edgesOf(mesh),
  }));
  const set = (mode: Mode): void => {
    for (const { mesh, materialOf } of surfaces) mesh.material = materialOf(mode);
  };
  const wireframe = (on: boolean): void => {
    for (const { edges } of surfaces) edges.visible = on;
  };
  set("texture");
  return { available: MODES.filter((mode) => model.meshes.some((mesh) => isSupported(mesh, mode))), set, wireframe };
}

function isSupported({ geometry }: Surface, mode: Mode): boolean {
  if (mode === "seen") return geometry.hasAttribute(SEEN);
  return mode !== "uv" || geometry.hasAttribute("uv");
}

/** Materials of one mesh, created on first use. */
function materials(mesh: Surface, anisotropy: number): (mode: Mode) => Material {
  // Read now: the first mode replaces the file's material.
  const appearance = appearanceOf(mesh.material, anisotropy);
  const finish = finishOf(mesh.material);
  const factories: Record<Mode, MaterialFactory> = {
    texture: () => new MeshBasicMaterial({ ...appearance, toneMapped: false }),
    lit: () => new MeshStandardMaterial({ ...appearance, ...finish, metalness: 0 }),
    clay: () => new MeshStandardMaterial({ color: 0xc2bab0, roughness: 0.9, metalness: 0 }),
    matcap: () => new MeshMatcapMaterial({ matcap: matcapTexture(), toneMapped: false }),
    normals: () => new MeshNormalMaterial(),
    uv: () => new MeshStandardMaterial({ map: checker(appearance.map, anisotropy), roughness: 1, metalness: 0 }),
    seen: () => seenMaterial(mesh),
  };
  const cache = new Map<Mode, Material>();
  return (mode) => {
    const material = cache.get(mode) ?? withPolygonOffset(factories[mode]());
    cache.set(mode, material);
    return material;
  };
}

/** The file's texture and colours, whichever material its loader chose. */
function appearanceOf(
  material: Material,
  anisotropy: number,
): { map: Texture | null; vertexColors: boolean; color: Color } {
  const { map = null, vertexColors = false, color = new Color(1, 1, 1) } = material as Partial<MeshStandardMaterial>;
  if (map) withAnisotropy(map, anisotropy);
  return { map, vertexColors, color };
}

/** The file's normal map, and its roughness where a highlight of the photo showed it; matte models look better with a
 * little sheen. */
function finishOf(material: Material): Partial<MeshStandardMaterialParameters> {
  const { roughness = 1, normalMap, normalScale } = material as Partial<MeshStandardMaterial>;
  const relief = normalMap && normalScale ? { normalMap, normalScale } : {};
  return { roughness: roughness < 1 ? roughness : SHEEN, ...relief };
}

function withAnisotropy<T extends Texture>(texture: T, anisotropy: number): T {
  texture.anisotropy = anisotropy;
  return texture;
}

/** Flipped like the texture that it replaces: GLB counts rows from the top, OBJ from the bottom. */
function checker(original: Texture | null, anisotropy: number): Texture {
  const texture = withAnisotropy(checkerTexture(), anisotropy);
  texture.flipY = original?.flipY ?? false;
  return texture;
}

/** The `_seen` attribute as vertex colours: green where a photo shows the surface, amber where it is predicted. */
function seenMaterial({ geometry }: Surface): Material {
  const seen = geometry.getAttribute(SEEN); // the mode is only offered where the attribute exists
  const colors = new Float32Array(seen.count * 3);
  const mixed = new Color();
  for (let i = 0; i < seen.count; i += 1)
    mixed.lerpColors(PREDICTED_COLOR, SEEN_COLOR, seen.getX(i)).toArray(colors, i * 3);
  geometry.setAttribute("color", new Float32BufferAttribute(colors, 3));
  return new MeshStandardMaterial({ vertexColors: true, roughness: 0.9, metalness: 0 });
}

const edgeMaterial = new MeshBasicMaterial({
  color: 0x101414,
  wireframe: true,
  transparent: true,
  opacity: 0.45,
  toneMapped: false,
});

/** A second mesh on the same geometry that draws the edges; the surface is pushed back a little. */
function edgesOf(mesh: Mesh): Mesh {
  const edges = new Mesh(mesh.geometry, edgeMaterial);
  edges.visible = false;
  edges.renderOrder = 1;
  mesh.add(edges);
  return edges;
}

function withPolygonOffset(material: Material): Material {
  material.side = DoubleSide; // a model that is cut open shows its inside
  material.polygonOffset = true;
  material.polygonOffsetFactor = 1;
  material.polygonOffsetUnits = 1;
  return material;
}
