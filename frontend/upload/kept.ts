/** Keeps chosen photos while the visitor signs in: in this browser's own database, until the upload page takes them. */

const DATABASE = "reconsite";
const STORE = "photos";
const KEY = "chosen";
const KEPT_MS = 60 * 60 * 1000;

interface Kept {
  files: File[];
  at: number;
}

function database(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error ?? new Error("No database"));
  });
}

async function within<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const opened = await database();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = opened.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("Not stored"));
    });
  } finally {
    opened.close();
  }
}

/** False where the browser keeps nothing (private windows, no room): then the visitor chooses again. */
export function keepPhotos(files: File[]): Promise<boolean> {
  const kept: Kept = { files, at: Date.now() };
  return within("readwrite", (store) => store.put(kept, KEY)).then(
    () => true,
    () => false,
  );
}

/** What was kept within the last hour; it is given out once. */
export async function takeKeptPhotos(): Promise<File[]> {
  try {
    const kept = await within<Kept | undefined>("readonly", (store) => store.get(KEY));
    await within("readwrite", (store) => store.delete(KEY));
    return kept && Date.now() - kept.at < KEPT_MS ? kept.files : [];
  } catch {
    return [];
  }
}
