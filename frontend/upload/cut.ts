/** The server's cutout of one photo, and what the visitor made of it. */
import {
  decodePhoto,
  drawingOn,
  type Edit,
  loadImage,
  maskOf,
  newCanvas,
  sameShape,
  untouched,
} from "../cutout/picture";
import { ApiError, csrfToken, errorSentence } from "../lib/http";

/** What `jobs:cutout` answers. */
interface Answer {
  photo: string;
  cutout: string;
  size: [number, number];
  original_size: [number, number];
  scale: number;
  method: string;
  notes: string[];
  advice: { code: string; sentence: string }[];
}

export interface Cut {
  /** In the photo's own resolution, as far as it is sensible. */
  photo: HTMLCanvasElement;
  first: Edit;
  edit: Edit;
  /** Opaque where the visitor's own picture was transparent from the beginning. */
  own: boolean;
  size: [number, number];
  originalSize: [number, number];
  sentences: string[];
}

let line: Promise<unknown> = Promise.resolve();

/** Cuts one photo after the other: the server has one place for each visitor's patience. Rejects with an ApiError. */
export function cutPhoto(url: string, file: File): Promise<Cut> {
  const turn = line.then(() => cutNow(url, file));
  line = turn.catch(() => null);
  return turn;
}

async function cutNow(url: string, file: File): Promise<Cut> {
  const [answer, own] = await Promise.all([ask(url, file), decodePhoto(file)]);
  const photo =
    own && sameShape(own, { width: answer.size[0], height: answer.size[1] }) ? own : await drawn(answer.photo);
  const [width, height] = answer.size;
  const first = untouched(maskOf(await loadImage(answer.cutout), { width, height }));
  return {
    photo,
    first,
    edit: first,
    own: answer.method === "transparency",
    size: answer.size,
    originalSize: answer.original_size,
    sentences: [...answer.notes, ...answer.advice.map((each) => each.sentence)],
  };
}

async function ask(url: string, file: File): Promise<Answer> {
  const body = new FormData();
  body.append("photo", file);
  const headers = { Accept: "application/json", "X-CSRFToken": csrfToken() };
  const response = await fetch(url, { method: "POST", body, headers, credentials: "same-origin" }).catch(() => null);
  if (!response) throw new ApiError(0, errorSentence(0, ""));
  const text = await response.text();
  if (!response.ok) throw new ApiError(response.status, errorSentence(response.status, text));
  return JSON.parse(text) as Answer;
}

async function drawn(url: string): Promise<HTMLCanvasElement> {
  const image = await loadImage(url);
  const canvas = newCanvas({ width: image.naturalWidth, height: image.naturalHeight });
  drawingOn(canvas).drawImage(image, 0, 0);
  return canvas;
}

/** A cutout of nothing yet, for a photo in which the server found no object: the visitor paints it. */
export async function emptyCut(file: File): Promise<Cut | null> {
  const photo = await decodePhoto(file);
  if (!photo) return null;
  const scale = Math.min(1, 1024 / Math.max(photo.width, photo.height));
  const mask = newCanvas({ width: photo.width * scale, height: photo.height * scale });
  const first = untouched(mask);
  const size: [number, number] = [mask.width, mask.height];
  return { photo, first, edit: first, own: false, size, originalSize: [photo.width, photo.height], sentences: [] };
}

export function isEdited(cut: Cut): boolean {
  return cut.edit !== cut.first;
}
