/** The chosen photos in their order, each with its side; the first is the main one. */

export interface Shot<Photo = File> {
  id: number;
  file: Photo;
  side: string;
}

/** Adds as many of `files` as there is room for; the first photo of all is taken from the front. */
export function added<Photo>(
  shots: readonly Shot<Photo>[],
  files: readonly Photo[],
  most: number,
  nextId: number,
): Shot<Photo>[] {
  const room = files.slice(0, Math.max(0, most - shots.length));
  const fresh = room.map((file, index) => ({
    id: nextId + index,
    file,
    side: shots.length + index === 0 ? "front" : "auto",
  }));
  return [...shots, ...fresh];
}

export function removed<Photo>(shots: readonly Shot<Photo>[], id: number): Shot<Photo>[] {
  return shots.filter((shot) => shot.id !== id);
}

/** The shot one place earlier (-1) or later (1); at the end of the list nothing moves. */
export function moved<Photo>(shots: readonly Shot<Photo>[], id: number, by: -1 | 1): Shot<Photo>[] {
  const from = shots.findIndex((candidate) => candidate.id === id);
  const shot = shots[from];
  const other = shots[from + by];
  if (!shot || !other) return [...shots];
  const next = [...shots];
  next[from] = other;
  next[from + by] = shot;
  return next;
}

/** A sentence when two photos claim the same side, or null. */
export function sideProblem(shots: readonly Pick<Shot, "side">[], labels: ReadonlyMap<string, string>): string | null {
  const named = shots.map((shot) => shot.side).filter((side) => side !== "auto");
  const twice = named.find((side, index) => named.indexOf(side) !== index);
  return twice === undefined ? null : `Two photos are marked “${labels.get(twice) ?? twice}”. Each side is seen once.`;
}
