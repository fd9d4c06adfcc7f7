/** Lights of the lit modes: surroundings of our own with soft light panels, prefiltered for every roughness (PMREM). */
import {
  BackSide,
  Color,
  DoubleSide,
  Float32BufferAttribute,
  MathUtils,
  Mesh,
  MeshBasicMaterial,
  PlaneGeometry,
  PMREMGenerator,
  Scene,
  SphereGeometry,
  type Texture,
  type WebGLRenderer,
} from "three";

export const LIGHTS = ["studio", "daylight", "lamp"] as const;
export type Light = (typeof LIGHTS)[number];

/** A square that shines at the model. Angles in degrees, azimuth 0 over +z (the photo's camera), growing towards +x. */
interface Panel {
  azimuth: number;
  elevation: number;
  color: string;
  /** Brightness; 1 is white on the screen. */
  brightness: number;
  /** Length of a side; the model has radius 1 and the panel is PANEL_DISTANCE away. */
  side: number;
}

interface Setting {
  /** Colours of the surroundings above, at the horizon and below. */
  dome: [sky: string, horizon: string, ground: string];
  panels: Panel[];
  /** Factor on everything, so that all settings show a grey model about equally bright. */
  intensity: number;
}

const PANEL_DISTANCE = 6;
/** Every setting has light from behind, too: the back of a model must be as easy to judge as its front. */
const SETTINGS: Record<Light, Setting> = {
  studio: {
    dome: ["#d9dcdf", "#b9bdc0", "#8f9295"],
    panels: [
      { azimuth: -40, elevation: 40, color: "#fffaf2", brightness: 7, side: 4 },
      { azimuth: 55, elevation: 15, color: "#f2f6ff", brightness: 2.5, side: 4 },
      { azimuth: 160, elevation: 35, color: "#ffffff", brightness: 5, side: 4 },
    ],
    intensity: 1,
  },
  daylight: {
    dome: ["#9fc3ee", "#f3efe6", "#8d8678"],
    panels: [
      { azimuth: 50, elevation: 50, color: "#fff3d6", brightness: 30, side: 2 },
      { azimuth: 200, elevation: 30, color: "#e6efff", brightness: 4, side: 4 },
    ],
    intensity: 1.1,
  },
  lamp: {
    dome: ["#a19a93", "#948d86", "#807a74"],
    panels: [
      { azimuth: -60, elevation: 45, color: "#ffd9a8", brightness: 16, side: 2.5 },
      { azimuth: 150, elevation: 25, color: "#dbe4ff", brightness: 6, side: 3 },
    ],
    intensity: 1.3,
  },
};

export type Lighting = ReturnType<typeof createLighting>;

/** Surroundings are computed when a lit mode first needs them, so the unlit texture costs nothing. */
export function createLighting(renderer: WebGLRenderer, scene: Scene) {
  const cache = new Map<Light, Texture>();
  let current: Light = "studio";
  let needed = false;

  function surroundings(): Texture {
    const texture = cache.get(current) ?? prefiltered(renderer, surroundingsOf(SETTINGS[current]));
    cache.set(current, texture);
    return texture;
  }

  function apply(): void {
    if (!needed) return;
    scene.environment = surroundings();
    scene.environmentIntensity = SETTINGS[current].intensity;
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

function surroundingsOf({ dome, panels }: Setting): Scene {
  return new Scene().add(domeMesh(...dome), ...panels.map(panelMesh));
}

function panelMesh({ azimuth, elevation, color, brightness, side }: Panel): Mesh {
  const material = new MeshBasicMaterial({ color: new Color(color).multiplyScalar(brightness), side: DoubleSide });
  const panel = new Mesh(new PlaneGeometry(side, side), material);
  const polar = MathUtils.degToRad(90 - elevation);
  panel.position.setFromSphericalCoords(PANEL_DISTANCE, polar, MathUtils.degToRad(azimuth));
  panel.lookAt(0, 0, 0);
  return panel;
}

/** A sky above, a horizon, a ground below. */
function domeMesh(sky: string, horizon: string, ground: string): Mesh {
  const geometry = new SphereGeometry(10, 32, 24);
  const position = geometry.getAttribute("position");
  const colors = new Float32Array(position.count * 3);
  for (let i = 0; i < position.count; i += 1) {
    const height = position.getY(i) / 10;
    const color = new Color(horizon).lerp(new Color(height > 0 ? sky : ground), Math.min(1, Math.abs(height) * 2.2));
    color.toArray(colors, i * 3);
  }
  geometry.setAttribute("color", new Float32BufferAttribute(colors, 3));
  return new Mesh(geometry, new MeshBasicMaterial({ vertexColors: true, side: BackSide }));
}
