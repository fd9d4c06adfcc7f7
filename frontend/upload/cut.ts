/** The server's automatic cutout of one photo, and the visitor's edit of it. */
import type { Point } from "../cutout/edit";
import {
  contextOf,
  decodePhoto,
  type Edit,
  initialEdit,
  loadImage,
  maskOf,
  newCanvas,
  sameProportions,
} from "../cutout/picture";
import { api } from "../lib/http";

/** Response of `jobs:cutout`. */
interface CutoutResponse {
  photo: string;
  cutout: string;
  size: [number, number];
  original_size: [number, number];
  scale: number;
  method: string;
  notes: { code: string; message: string }[];
}

/** The visitor's choices for the cutout of one photo. */
export interface CutOptions {
  mask: string;
  keepBackground: boolean;
  subject: Point | null;
}

export interface Cut {
  /** At the photo's own resolution, up to MAX_SIDE. */
  photo: HTMLCanvasElement;
  automatic: Edit;
  edit: Edit;
  /** The mask is the transparency of the uploaded picture. */
  usesTransparency: boolean;
  /** The picture has transparency that is not the mask. */
  ignoresTransparency: boolean;
  /** The whole picture is the object. */
  isWhole: boolean;
  severalObjects: boolean;
  size: [number, number];
  originalSize: [number, number];
  messages: string[];
}

let queue: Promise<unknown> = Promise.resolve();

/**
 * Requests the cutouts one after another: the server takes one per visitor at a time. Rejects with an ApiError.
 * Null if the cutout is no longer wanted when its turn comes.
 */
export function cutPhoto(url: string, file: File, options: CutOptions, isWanted: () => boolean): Promise<Cut | null> {
  const result = queue.then(() => (isWanted() ? cutNow(url, file, options) : null));
  queue = result.catch(() => null);
  return result;
}

async function cutNow(url: string, file: File, options: CutOptions): Promise<Cut> {
  const [response, local] = await Promise.all([requestCutout(url, file, options), decodePhoto(file)]);
  const photo =
    local && sameProportions(local, { width: response.size[0], height: response.size[1] })
      ? local
      : await canvasFrom(response.photo);
  const [width, height] = response.size;
  const automatic = initialEdit(maskOf(await loadImage(response.cutout), { width, height }));
  const codes = new Set(response.notes.map(({ code }) => code));
  return {
    photo,
    automatic,
    edit: automatic,
    usesTransparency: response.method === "transparency",
    ignoresTransparency: codes.has("transparency_ignored"),
    isWhole: response.method === "none",
    severalObjects: codes.has("several_objects"),
    size: response.size,
    originalSize: response.original_size,
    messages: response.notes.map(({ message }) => message),
  };
}

function requestCutout(url: string, file: File, options: CutOptions): Promise<CutoutResponse> {
  const body = new FormData();
  body.append("photo", file);
  body.append("mask", options.mask);
  body.append("remove_background", String(!options.keepBackground));
  if (options.subject) body.append("subject", options.subject.join(","));
  return api.request<CutoutResponse>("POST", url, { body });
}

async function canvasFrom(url: string): Promise<HTMLCanvasElement> {
  const image = await loadImage(url);
  const canvas = newCanvas({ width: image.naturalWidth, height: image.naturalHeight });
  contextOf(canvas).drawImage(image, 0, 0);
  return canvas;
}

/** An empty cutout for the visitor to paint, for a photo in which the server found no object. */
export async function emptyCut(file: File): Promise<Cut | null> {
  const photo = await decodePhoto(file);
  if (!photo) return null;
  const scale = Math.min(1, 1024 / Math.max(photo.width, photo.height));
  const mask = newCanvas({ width: photo.width * scale, height: photo.height * scale });
  const automatic = initialEdit(mask);
  const size: [number, number] = [mask.width, mask.height];
  return {
    photo,
    automatic,
    edit: automatic,
    usesTransparency: false,
    ignoresTransparency: false,
    isWhole: false,
    severalObjects: false,
    size,
    originalSize: [photo.width, photo.height],
    messages: [],
  };
}

export function isEdited(cut: Cut): boolean {
  return cut.edit !== cut.automatic;
}
