/** The chosen photos in order, each with the side it shows; the first is the main one. */
import type { Point } from "../cutout/edit";

export interface UploadItem<Photo = File> {
  id: number;
  file: Photo;
  side: string;
  /** A picture that the visitor has cut out: its transparency is the object's outline, whatever its shape. */
  own: boolean;
  /** A point of the object that the visitor chose, in fractions of the photo's width and height. */
  subject: Point | null;
}

/** Adds `files` up to `limit` items; the very first photo is assumed to show the front. */
export function added<Photo>(
  items: readonly UploadItem<Photo>[],
  files: readonly Photo[],
  limit: number,
  nextId: number,
): UploadItem<Photo>[] {
  const accepted = files.slice(0, Math.max(0, limit - items.length));
  const newItems = accepted.map((file, index) => ({
    id: nextId + index,
    file,
    side: items.length + index === 0 ? "front" : "auto",
    own: false,
    subject: null,
  }));
  return [...items, ...newItems];
}

export function removed<Photo>(items: readonly UploadItem<Photo>[], id: number): UploadItem<Photo>[] {
  return items.filter((item) => item.id !== id);
}

/** The item one place earlier (-1) or later (1); nothing moves past the ends of the list. */
export function moved<Photo>(items: readonly UploadItem<Photo>[], id: number, by: -1 | 1): UploadItem<Photo>[] {
  const from = items.findIndex((candidate) => candidate.id === id);
  const item = items[from];
  const other = items[from + by];
  if (!item || !other) return [...items];
  const next = [...items];
  next[from] = other;
  next[from + by] = item;
  return next;
}

/** A message if two photos are marked with the same side, else null. */
export function sideProblem(
  items: readonly Pick<UploadItem, "side">[],
  labels: ReadonlyMap<string, string>,
): string | null {
  const named = items.map((item) => item.side).filter((side) => side !== "auto");
  const duplicate = named.find((side, index) => named.indexOf(side) !== index);
  return duplicate === undefined
    ? null
    : `Two photos are marked “${labels.get(duplicate) ?? duplicate}”. Use each side only once.`;
}
