/** Stores chosen photos in IndexedDB while the visitor signs in, until the upload page takes them. */

const DATABASE = "reconsite";
const STORE = "photos";
const KEY = "chosen";
/** Older photos are ignored. */
const MAX_AGE_MS = 60 * 60 * 1000;

interface StoredPhotos {
  files: File[];
  at: number;
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error ?? new Error("No database"));
  });
}

async function runRequest<T>(
  mode: IDBTransactionMode,
  makeRequest: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opened = await openDatabase();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = opened.transaction(STORE, mode);
      const request = makeRequest(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("Not stored"));
    });
  } finally {
    opened.close();
  }
}

/** False if the browser stores nothing (private window, full disk). */
export function storePhotos(files: File[]): Promise<boolean> {
  const stored: StoredPhotos = { files, at: Date.now() };
  return runRequest("readwrite", (store) => store.put(stored, KEY)).then(
    () => true,
    () => false,
  );
}

/** The photos stored within the last hour; they are returned once. */
export async function takeStoredPhotos(): Promise<File[]> {
  const files = await peekStoredPhotos();
  await forgetPhotos();
  return files;
}

export async function forgetPhotos(): Promise<void> {
  await runRequest("readwrite", (store) => store.delete(KEY)).catch(() => undefined);
}

/** The photos stored within the last hour; they stay stored. */
export async function peekStoredPhotos(): Promise<File[]> {
  try {
    const stored = await runRequest<StoredPhotos | undefined>("readonly", (store) => store.get(KEY));
    return stored && Date.now() - stored.at < MAX_AGE_MS ? stored.files : [];
  } catch {
    return [];
  }
}
