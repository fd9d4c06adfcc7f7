/** Which of the chosen photos cannot be sent, because the server has checked and refused them. */

/** HTTP statuses of a refusal that is about the photo itself; all others are about the server or the session. */
const ABOUT_THE_PHOTO = new Set([400, 413, 415, 422]);

export interface Checked {
  /** Status and message of the server's refusal; 0 and empty for a photo that was not refused. */
  status: number;
  message: string;
  /** The visitor has painted a cutout, which is sent instead. */
  edited: boolean;
}

/** Why the photos cannot be sent, null if they can. */
export function refusal(photos: readonly Checked[]): string | null {
  const index = photos.findIndex(({ status, edited }) => ABOUT_THE_PHOTO.has(status) && !edited);
  const photo = photos[index];
  if (!photo) return null;
  return photos.length === 1 ? photo.message : `Photo ${index + 1}: ${photo.message}`;
}
