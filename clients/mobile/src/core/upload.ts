/** Sends a photo in parts, and continues where it was after a lost connection, or after the app slept or was closed. */
import { type Api, Problem } from "./api.ts";

export interface Photo {
  name: string;
  size: number;
  /** Where the app finds the photo again after it was closed. */
  uri: string;
  read: (from: number, to: number) => Promise<Uint8Array>;
}

/** An upload that has begun, as it is stored on the phone. */
export interface Pending {
  upload: string;
  uri: string;
  name: string;
  size: number;
}

export interface PendingStore {
  load: () => Promise<Pending | null>;
  save: (pending: Pending | null) => Promise<void>;
}

export interface Options {
  partBytes: number;
  onProgress: (fraction: number) => void;
  /** While nothing gets through. */
  onWaiting: (waiting: boolean) => void;
  /** Ends early when the app comes back to the foreground. */
  pause: (milliseconds: number) => Promise<void>;
  isStopped: () => boolean;
}

/** Statuses after which an upload continues: no connection, and a part that had arrived although its response did not. */
const INTERRUPTED = [0, 409, 460, 503];
const LONGEST_PAUSE_MS = 15_000;

export class Stopped extends Error {}

/** The id of the complete upload, which stays in the store until a job uses it. Raises Problem, or Stopped. */
export async function sendPhoto(api: Api, photo: Photo, store: PendingStore, options: Options): Promise<string> {
  const position = await begin(api, photo, store, options);
  await sendRest(api, photo, position, options);
  options.onProgress(1);
  return position.id;
}

async function sendRest(api: Api, photo: Photo, { id, offset }: Position, options: Options): Promise<void> {
  if (offset >= photo.size) return;
  options.onProgress(offset / photo.size);
  const next = await persist(() => addPart(api, photo, id, offset, options), options);
  return sendRest(api, photo, { id, offset: next }, options);
}

interface Position {
  id: string;
  offset: number;
}

/** Continues the upload of this photo if the server still has it, else begins one. */
async function begin(api: Api, photo: Photo, store: PendingStore, options: Options): Promise<Position> {
  const pending = await store.load();
  if (pending && pending.uri === photo.uri && pending.size === photo.size) {
    const found = await persist(() => existing(api, pending.upload), options);
    if (found) return found;
  }
  const upload = await persist(() => api.createUpload(photo.size, photo.name), options);
  await store.save({ upload: upload.id, uri: photo.uri, name: photo.name, size: photo.size });
  return upload;
}

async function existing(api: Api, id: string): Promise<Position | null> {
  try {
    return await api.upload(id);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null; // expired
    throw error;
  }
}

async function addPart(api: Api, photo: Photo, id: string, offset: number, options: Options): Promise<number> {
  try {
    return await api.addPart(id, offset, await photo.read(offset, Math.min(offset + options.partBytes, photo.size)));
  } catch (error) {
    if (!(error instanceof Problem && INTERRUPTED.includes(error.status))) throw error;
    const { offset: now } = await api.upload(id); // whether the part has arrived is for the server to say
    if (now === offset) throw error;
    return now;
  }
}

/** Tries again for as long as only the connection is at fault. */
async function persist<T>(attempt: () => Promise<T>, options: Options, failures = 0): Promise<T> {
  if (options.isStopped()) throw new Stopped();
  try {
    const result = await attempt();
    options.onWaiting(false);
    return result;
  } catch (error) {
    if (!(error instanceof Problem && INTERRUPTED.includes(error.status))) throw error;
    options.onWaiting(true);
    await options.pause(Math.min(1000 * 2 ** failures, LONGEST_PAUSE_MS));
    return persist(attempt, options, failures + 1);
  }
}
