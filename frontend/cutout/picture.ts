/** Images on canvases: decoded, cut out by a mask, and encoded as PNG with transparency. */
import { type Box, boundsOf, fullBox, type Size, type Turn, turnedSize } from "./edit";

/** Longer side of an exported cutout in pixels; the server uses no more. */
const MAX_SIDE = 2048;
/** Margin around the exported object, as a fraction of its longer side: enough transparency for the server to accept it as a cutout. */
const MARGIN = 0.05;
/** A pixel with at least this opacity (of 255) belongs to the object. */
const MIN_OPACITY = 8;
/** Drawing an image over itself this often makes half-transparent edges opaque and keeps their colour. */
const EDGE_PASSES = 8;

export function newCanvas({ width, height }: Size): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  return canvas;
}

/** The canvas's 2D context. Throws if the browser has none (too many or too large canvases). */
export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser has run out of canvas memory.");
  context.imageSmoothingQuality = "high";
  return context;
}

export function cloneCanvas(canvas: HTMLCanvasElement): HTMLCanvasElement {
  const copy = newCanvas(canvas);
  contextOf(copy).drawImage(canvas, 0, 0);
  return copy;
}

/** The image at a URL of this site, or a data or blob URL. */
export async function loadImage(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

/** The photo, upright, at most 2048 pixels a side; null if this browser cannot decode the format (usually HEIC). */
export async function decodePhoto(file: Blob): Promise<HTMLCanvasElement | null> {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  if (!bitmap) return null;
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = newCanvas({ width: bitmap.width * scale, height: bitmap.height * scale });
  const context = contextOf(canvas);
  for (let pass = 0; pass < EDGE_PASSES; pass += 1) context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas;
}

/** Whether both have the same proportions, up to rounding. */
export function sameProportions(a: Size, b: Size): boolean {
  return Math.abs(a.width / a.height - b.width / b.height) < 0.02 * (a.width / a.height);
}

/** The opacity of a cutout, as a canvas for strokes. */
export function maskOf(cutout: CanvasImageSource, size: Size): HTMLCanvasElement {
  const mask = newCanvas(size);
  contextOf(mask).drawImage(cutout, 0, 0, mask.width, mask.height);
  return mask;
}

/** Replaces `target`'s content with the photo where the mask is opaque, both scaled to its size. */
export function drawCutout(target: HTMLCanvasElement, photo: CanvasImageSource, mask: CanvasImageSource): void {
  const context = contextOf(target);
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

/** An unedited cutout. */
export function initialEdit(mask: HTMLCanvasElement): Edit {
  return { mask, crop: fullBox(mask), turn: 0 };
}

/**
 * The edited object at the photo's own resolution, rotated, with a transparent margin, as PNG.
 * Null if nothing of the object is left.
 */
export function exportCutout(photo: HTMLCanvasElement, edit: Edit): Promise<Blob | null> {
  const object = objectBox(edit);
  if (!object) return Promise.resolve(null);
  const cut = newCanvas(photo);
  drawCutout(cut, photo, edit.mask);
  const scale = photo.width / edit.mask.width;
  const margin = MARGIN * Math.max(object.width, object.height) * scale;
  const inner = turnedSize({ width: object.width * scale, height: object.height * scale }, edit.turn);
  const canvas = newCanvas({ width: inner.width + 2 * margin, height: inner.height + 2 * margin });
  const context = contextOf(canvas);
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate((edit.turn * Math.PI) / 2);
  const [width, height] = [object.width * scale, object.height * scale];
  context.drawImage(cut, object.x * scale, object.y * scale, width, height, -width / 2, -height / 2, width, height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/** The bounding box of the object inside the crop. */
function objectBox({ mask, crop }: Edit): Box | null {
  const [x, y] = [Math.round(crop.x), Math.round(crop.y)];
  const size = { width: Math.round(crop.width), height: Math.round(crop.height) };
  const { data } = contextOf(mask).getImageData(x, y, size.width, size.height);
  const opacity = new Uint8Array(data.length / 4);
  for (let at = 0; at < opacity.length; at += 1) opacity[at] = data[4 * at + 3] ?? 0;
  const bounds = boundsOf(opacity, size, MIN_OPACITY);
  return bounds && { ...bounds, x: bounds.x + x, y: bounds.y + y };
}
