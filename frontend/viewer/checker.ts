/** A UV checker texture: equal squares, each with its own colour and label. */
import { CanvasTexture, SRGBColorSpace } from "three";
import { context2d } from "./canvas";

/** Squares per side, and pixels per square. */
const SQUARES = 16;
const SIDE = 64;

export function checkerTexture(): CanvasTexture {
  const context = context2d(SQUARES * SIDE, SQUARES * SIDE);
  context.font = `600 ${SIDE * 0.36}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let row = 0; row < SQUARES; row += 1)
    for (let column = 0; column < SQUARES; column += 1) square(context, row, column);
  const texture = new CanvasTexture(context.canvas);
  texture.colorSpace = SRGBColorSpace;
  return texture;
}

/** The hue runs with the column, the lightness with the row; light and dark squares alternate. */
function square(context: CanvasRenderingContext2D, row: number, column: number): void {
  const light = (row + column) % 2 === 0;
  context.fillStyle = `hsl(${(column / SQUARES) * 360} 60% ${(light ? 78 : 38) - row}%)`;
  context.fillRect(column * SIDE, row * SIDE, SIDE, SIDE);
  context.fillStyle = light ? "#1c1c1c" : "#f4f4f4";
  context.fillText(`${String.fromCharCode(65 + column)}${row + 1}`, (column + 0.5) * SIDE, (row + 0.52) * SIDE);
}
