/** A drawn matcap: grey porcelain under a warm lamp from above left, with a cool rim from below right. */
import { CanvasTexture, SRGBColorSpace } from "three";
import { context2d } from "./canvas";

/** Side of the texture in pixels. */
const SIZE = 256;

export function matcapTexture(): CanvasTexture {
  const context = context2d(SIZE, SIZE);
  context.fillStyle = "#191c1f"; // beyond the ball's edge: sampled at grazing angles
  context.fillRect(0, 0, SIZE, SIZE);
  glow(context, 0.36, 0.3, 0.78, [
    [0, "#fdf7ec"],
    [0.3, "#d3cabd"],
    [0.62, "#8b857f"],
    [1, "#32343a00"],
  ]);
  glow(context, 0.82, 0.84, 0.34, [
    [0, "#7fa9c8cc"],
    [1, "#7fa9c800"],
  ]);
  glow(context, 0.33, 0.24, 0.13, [
    [0, "#ffffff"],
    [0.35, "#ffffffb0"],
    [1, "#ffffff00"],
  ]);
  const texture = new CanvasTexture(context.canvas);
  texture.colorSpace = SRGBColorSpace;
  return texture;
}

type Stop = [at: number, color: string];

/** A radial glow; centre and radius as fractions of the texture's side. */
function glow(context: CanvasRenderingContext2D, x: number, y: number, radius: number, stops: Stop[]): void {
  const gradient = context.createRadialGradient(x * SIZE, y * SIZE, 0, x * SIZE, y * SIZE, radius * SIZE);
  for (const [at, color] of stops) gradient.addColorStop(at, color);
  context.fillStyle = gradient;
  context.fillRect(0, 0, SIZE, SIZE);
}
