/** Lights of the lit modes: an environment prefiltered for every roughness (PMREM), and a lamp for relief. */
import {
  BackSide,
  Color,
  DirectionalLight,
  Float32BufferAttribute,
  Mesh,
  MeshBasicMaterial,
  PMREMGenerator,
  Scene,
  SphereGeometry,
  type Texture,
  type WebGLRenderer,
} from "three";
import { RoomEnvironment } from "three/addons/environments/RoomEnvironment.js";

export const LIGHTS = ["studio", "daylight", "lamp"] as const;
export type Light = (typeof LIGHTS)[number];

interface Setting {
  surroundings: () => Scene;
  /** Intensities of the surroundings and of the lamp, and the lamp's position in the scene. */
  ambient: number;
  lamp: number;
  lampAt: [number, number, number];
}

const SETTINGS: Record<Light, Setting> = {
  studio: { surroundings: () => new RoomEnvironment(), ambient: 0.55, lamp: 1, lampAt: [1.5, 2, 3] },
  daylight: { surroundings: () => dome("#8fb7e8", "#f3efe6", "#7c7466"), ambient: 0.9, lamp: 1.9, lampAt: [3, 4, 2] },
  lamp: { surroundings: () => dome("#3c4048", "#2a2c31", "#191a1d"), ambient: 2.2, lamp: 3.2, lampAt: [-4, 2.2, 1.6] },
};

export type Lighting = ReturnType<typeof createLighting>;

/** Surroundings are computed when a lit mode first needs them, so the unlit texture costs nothing. */
export function createLighting(renderer: WebGLRenderer, scene: Scene) {
  const cache = new Map<Light, Texture>();
  const lamp = new DirectionalLight(0xfff6ea, 0);
  let current: Light = "studio";
  let needed = false;
  scene.add(lamp);

  function surroundings(): Texture {
    const texture = cache.get(current) ?? prefiltered(renderer, SETTINGS[current].surroundings());
    cache.set(current, texture);
    return texture;
  }

  function apply(): void {
    if (!needed) return;
    const setting = SETTINGS[current];
    scene.environment = surroundings();
    scene.environmentIntensity = setting.ambient;
    lamp.intensity = setting.lamp;
    lamp.position.set(...setting.lampAt);
  }

  return {
    surroundings,
    need: () => {
      needed = true;
      apply();
    },
    choose: (light: Light) => {
      current = light;
      apply();
    },
    /** After a lost context the prefiltered textures are empty. */
    renew: () => {
      cache.clear();
      apply();
    },
  };
}

function prefiltered(renderer: WebGLRenderer, surroundings: Scene): Texture {
  const generator = new PMREMGenerator(renderer);
  const { texture } = generator.fromScene(surroundings, 0.04);
  generator.dispose();
  return texture;
}

/** A sky above, a horizon, a ground below. */
function dome(sky: string, horizon: string, ground: string): Scene {
  const geometry = new SphereGeometry(10, 32, 24);
  const position = geometry.getAttribute("position");
  const colors = new Float32Array(position.count * 3);
  for (let i = 0; i < position.count; i += 1) {
    const height = position.getY(i) / 10;
    const color = new Color(horizon).lerp(new Color(height > 0 ? sky : ground), Math.min(1, Math.abs(height) * 2.2));
    color.toArray(colors, i * 3);
  }
  geometry.setAttribute("color", new Float32BufferAttribute(colors, 3));
  const scene = new Scene();
  scene.add(new Mesh(geometry, new MeshBasicMaterial({ vertexColors: true, side: BackSide })));
  return scene;
}
