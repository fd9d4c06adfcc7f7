/** A matcap drawn by us: a ball of grey porcelain under a warm lamp above left, with a cool rim from below right. */
import { CanvasTexture, SRGBColorSpace } from "three";
import { context2d } from "./canvas";

const SIZE = 256;

export function matcapTexture(): CanvasTexture {
  const pen = context2d(SIZE, SIZE);
  pen.fillStyle = "#191c1f"; // what lies beyond the ball's edge is asked for at grazing angles
  pen.fillRect(0, 0, SIZE, SIZE);
  glow(pen, 0.36, 0.3, 0.78, [
    [0, "#fdf7ec"],
    [0.3, "#d3cabd"],
    [0.62, "#8b857f"],
    [1, "#32343a00"],
  ]);
  glow(pen, 0.82, 0.84, 0.34, [
    [0, "#7fa9c8cc"],
    [1, "#7fa9c800"],
  ]);
  glow(pen, 0.33, 0.24, 0.13, [
    [0, "#ffffff"],
    [0.35, "#ffffffb0"],
    [1, "#ffffff00"],
  ]);
  const texture = new CanvasTexture(pen.canvas);
  texture.colorSpace = SRGBColorSpace;
  return texture;
}

type Stop = [at: number, color: string];

/** A round glow; centre and radius as shares of the picture's side. */
function glow(pen: CanvasRenderingContext2D, x: number, y: number, radius: number, stops: Stop[]): void {
  const gradient = pen.createRadialGradient(x * SIZE, y * SIZE, 0, x * SIZE, y * SIZE, radius * SIZE);
  for (const [at, color] of stops) gradient.addColorStop(at, color);
  pen.fillStyle = gradient;
  pen.fillRect(0, 0, SIZE, SIZE);
}
