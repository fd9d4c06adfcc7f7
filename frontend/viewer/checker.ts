/** The picture that shows how a texture lies on a surface: squares of one size, each with a colour and a name of its own. */
import { CanvasTexture, SRGBColorSpace } from "three";
import { context2d } from "./canvas";

const SQUARES = 16;
const SIDE = 64;

export function checkerTexture(): CanvasTexture {
  const pen = context2d(SQUARES * SIDE, SQUARES * SIDE);
  pen.font = `600 ${SIDE * 0.36}px sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (let row = 0; row < SQUARES; row += 1)
    for (let column = 0; column < SQUARES; column += 1) square(pen, row, column);
  const texture = new CanvasTexture(pen.canvas);
  texture.colorSpace = SRGBColorSpace;
  return texture;
}

/** The hue runs with the column, the lightness with the row; light and dark squares alternate. */
function square(pen: CanvasRenderingContext2D, row: number, column: number): void {
  const light = (row + column) % 2 === 0;
  pen.fillStyle = `hsl(${(column / SQUARES) * 360} 60% ${(light ? 78 : 38) - row}%)`;
  pen.fillRect(column * SIDE, row * SIDE, SIDE, SIDE);
  pen.fillStyle = light ? "#1c1c1c" : "#f4f4f4";
  pen.fillText(`${String.fromCharCode(65 + column)}${row + 1}`, (column + 0.5) * SIDE, (row + 0.52) * SIDE);
}
