/** Pictures on canvases: decoded, cut by a mask, and written as a PNG with transparency. */
import { type Box, boundsOf, type Size, type Turn, turnedSize, whole } from "./edit";

/** Longer side of what is sent; the server looks at no more. */
const MOST_SIDE = 2048;
/** Room around the object in what is sent, as a share of its longer side: so much transparency is certainly meant. */
const MARGIN = 0.05;
/** A pixel with at least this opacity (of 255) counts as the object's. */
const SOLID = 8;
/** Drawn over itself so often, a half transparent edge is opaque and still has its own colour. */
const OVER_ITSELF = 8;

export function newCanvas({ width, height }: Size): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  return canvas;
}

/** The canvas's 2D context. Throws where the browser gives none (too many or too large canvases). */
export function drawingOn(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser gives no more room to draw.");
  context.imageSmoothingQuality = "high";
  return context;
}

export function copyOf(canvas: HTMLCanvasElement): HTMLCanvasElement {
  const copy = newCanvas(canvas);
  drawingOn(copy).drawImage(canvas, 0, 0);
  return copy;
}

/** The picture behind a URL of this site, or a data or blob URL. */
export async function loadImage(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

/** The photo, upright, at most 2048 pixels a side; null where this browser cannot read the format (HEIC, mostly). */
export async function decodePhoto(file: Blob): Promise<HTMLCanvasElement | null> {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  if (!bitmap) return null;
  const scale = Math.min(1, MOST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = newCanvas({ width: bitmap.width * scale, height: bitmap.height * scale });
  const context = drawingOn(canvas);
  for (let time = 0; time < OVER_ITSELF; time += 1) context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas;
}

/** Whether both have the same proportions, within what rounding does. */
export function sameShape(a: Size, b: Size): boolean {
  return Math.abs(a.width / a.height - b.width / b.height) < 0.02 * (a.width / a.height);
}

/** Only the opacity of a cutout, as a canvas that strokes are drawn on. */
export function maskOf(cutout: CanvasImageSource, size: Size): HTMLCanvasElement {
  const mask = newCanvas(size);
  drawingOn(mask).drawImage(cutout, 0, 0, mask.width, mask.height);
  return mask;
}

/** The photo where the mask is opaque, both stretched to `target`'s size; what was on it is gone. */
export function drawCut(target: HTMLCanvasElement, photo: CanvasImageSource, mask: CanvasImageSource): void {
  const context = drawingOn(target);
  const { width, height } = target;
  context.globalCompositeOperation = "copy";
  context.drawImage(photo, 0, 0, width, height);
  context.globalCompositeOperation = "destination-in";
  context.drawImage(mask, 0, 0, width, height);
  context.globalCompositeOperation = "source-over";
}

export interface Edit {
  mask: HTMLCanvasElement;
  crop: Box;
  turn: Turn;
}

/** A cutout before anything was done to it. */
export function untouched(mask: HTMLCanvasElement): Edit {
  return { mask, crop: whole(mask), turn: 0 };
}

/**
 * What is sent: the edited object in the photo's own resolution, turned, with a transparent margin around it, as PNG.
 * Null when nothing of the object is left.
 */
export function exportCut(photo: HTMLCanvasElement, edit: Edit): Promise<Blob | null> {
  const object = objectBox(edit);
  if (!object) return Promise.resolve(null);
  const cut = newCanvas(photo);
  drawCut(cut, photo, edit.mask);
  const scale = photo.width / edit.mask.width;
  const margin = MARGIN * Math.max(object.width, object.height) * scale;
  const inner = turnedSize({ width: object.width * scale, height: object.height * scale }, edit.turn);
  const canvas = newCanvas({ width: inner.width + 2 * margin, height: inner.height + 2 * margin });
  const context = drawingOn(canvas);
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate((edit.turn * Math.PI) / 2);
  const [width, height] = [object.width * scale, object.height * scale];
  context.drawImage(cut, object.x * scale, object.y * scale, width, height, -width / 2, -height / 2, width, height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/** The box around what the mask leaves inside the crop. */
function objectBox({ mask, crop }: Edit): Box | null {
  const [x, y] = [Math.round(crop.x), Math.round(crop.y)];
  const size = { width: Math.round(crop.width), height: Math.round(crop.height) };
  const { data } = drawingOn(mask).getImageData(x, y, size.width, size.height);
  const opacity = new Uint8Array(data.length / 4);
  for (let at = 0; at < opacity.length; at += 1) opacity[at] = data[4 * at + 3] ?? 0;
  const bounds = boundsOf(opacity, size, SOLID);
  return bounds && { ...bounds, x: bounds.x + x, y: bounds.y + y };
}
