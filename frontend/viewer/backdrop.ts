/** The background of the model. "page" is transparent: the page shows through, and saved images are cut out. */
import { Color, type Scene, type Texture } from "three";

export const BACKDROPS = ["page", "white", "grey", "black", "surroundings"] as const;
export type Backdrop = (typeof BACKDROPS)[number];

const COLORS: Partial<Record<Backdrop, string>> = { white: "#ffffff", grey: "#808080", black: "#0b0d0d" };

export function paintBackdrop(scene: Scene, backdrop: Backdrop, surroundings: () => Texture): void {
  const color = COLORS[backdrop];
  if (color) scene.background = new Color(color);
  else scene.background = backdrop === "surroundings" ? surroundings() : null;
  scene.backgroundBlurriness = 0.35;
}
