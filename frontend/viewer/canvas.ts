/** A 2D canvas that is never part of the page, to draw textures on. Throws when the browser gives none. */
export function context2d(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("The browser gives no 2D canvas");
  return pen;
}
