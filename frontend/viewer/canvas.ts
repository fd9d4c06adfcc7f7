/** The 2D context of a new offscreen canvas. Throws if the browser has none. */
export function context2d(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("The browser has no 2D canvas");
  return context;
}
