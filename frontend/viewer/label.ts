/** Labels in the scene that keep their size on screen. */
import { CanvasTexture, LinearFilter, MathUtils, Sprite, SpriteMaterial, SRGBColorSpace } from "three";
import { context2d } from "./canvas";

/** Height of a label on screen in pixels. */
const LABEL_HEIGHT = 26;

/** A length as a person would read it. */
export function millimetres(mm: number): string {
  return `${mm < 10 ? mm.toFixed(1) : mm.toFixed(0)} mm`;
}

export function createLabel(text: string): Sprite {
  const context = context2d(text.length * 26 + 36, 64);
  const { width, height } = context.canvas;
  context.fillStyle = "#141a19e0";
  context.beginPath();
  context.roundRect(0, 4, width, height - 8, 18);
  context.fill();
  context.fillStyle = "#ffffff";
  context.font = "600 38px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, width / 2, height / 2 + 2);
  const map = new CanvasTexture(context.canvas);
  map.colorSpace = SRGBColorSpace;
  map.minFilter = LinearFilter;
  map.generateMipmaps = false;
  const label = new Sprite(new SpriteMaterial({ map, depthTest: false, sizeAttenuation: false, toneMapped: false }));
  label.renderOrder = 2;
  label.userData["aspect"] = width / height;
  return label;
}

/** Without attenuation a sprite's scale is its size at distance 1. */
export function fitLabel(label: Sprite, height: number, fieldOfView: number): void {
  const labelHeight = (LABEL_HEIGHT / height) * 2 * Math.tan(MathUtils.degToRad(fieldOfView / 2));
  label.scale.set(labelHeight * (label.userData["aspect"] as number), labelHeight, 1);
}
