/** What is sent: for each photo the file or its cutout, and the choices about the cutouts. */

import { ApiError } from "../../clients/typescript/src/client";
import { exportCutout } from "../cutout/picture";
import { type Cut, isEdited } from "./cut";
import type { UploadItem } from "./items";

export interface PhotoToSend {
  item: UploadItem;
  cut: Cut | null;
}

/**
 * Which photos are sent as cutouts, and whether transparency is then the object's outline in any case.
 *
 * What a visitor cut out is the object, even if it is a rectangle. A point can only be sent for the main photo.
 */
export function cutoutsToSend(photos: readonly PhotoToSend[]): { asCutout: boolean[]; useAlpha: boolean } {
  const chosen = photos.map(
    ({ item, cut }, index) => cut !== null && (isEdited(cut) || (index > 0 && item.subject !== null)),
  );
  const useAlpha = photos.some(({ item }, index) => item.own || chosen[index]);
  const framed = photos.map(({ item, cut }) => useAlpha && !item.own && cut?.ignoresTransparency);
  return { asCutout: chosen.map((is, index) => is || framed[index] === true), useAlpha };
}

/** Adds photos, sides and the choices about the cutouts to the form's data. */
export async function addPhotos(body: FormData, photos: readonly PhotoToSend[]): Promise<void> {
  const { asCutout, useAlpha } = cutoutsToSend(photos);
  for (const [index, photo] of photos.entries()) {
    // biome-ignore lint/performance/noAwaitInLoops: in turn, so that one full-size canvas at a time is in memory
    body.append("photo", asCutout[index] ? await cutoutFile(photo) : photo.item.file);
    body.append("side", photo.item.side);
  }
  if (useAlpha) body.set("mask", "alpha");
  const subject = photos[0]?.item.subject;
  if (subject && !asCutout[0]) body.set("subject", subject.join(","));
}

async function cutoutFile({ item, cut }: PhotoToSend): Promise<File> {
  const blob = cut && (await exportCutout(cut.photo, cut.edit));
  if (!blob) throw new ApiError(400, "The cutout is empty. Add something to it, or use the automatic cutout.");
  return new File([blob], `${item.file.name.replace(/\.[^.]*$/, "")}.png`, { type: "image/png" });
}
