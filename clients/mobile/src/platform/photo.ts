/** A photo on the phone, copied to where the system does not clean up, and read part by part. */
import { Directory, File, Paths } from "expo-file-system";
import type { Photo } from "../core/upload.ts";

const folder = () => new Directory(Paths.document, "photos");

/** Copies a photo that the picker or the camera has left in the cache. */
export async function keepPhoto(uri: string, name: string): Promise<Photo> {
  const target = folder();
  if (target.exists) target.delete(); // one photo at a time
  target.create();
  const copy = new File(target, name);
  await new File(uri).copy(copy);
  return photoOf(copy, name);
}

/** The photo that was kept; null if it is gone. */
export function keptPhoto(uri: string, name: string): Photo | null {
  const file = new File(uri);
  return file.exists ? photoOf(file, name) : null;
}

function photoOf(file: File, name: string): Photo {
  return { name, uri: file.uri, size: file.size, read: (from, to) => Promise.resolve(readPart(file, from, to)) };
}

function readPart(file: File, from: number, to: number): Uint8Array {
  const handle = file.open();
  try {
    handle.offset = from;
    return handle.readBytes(to - from);
  } finally {
    handle.close();
  }
}
