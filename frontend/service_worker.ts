/**
 * The service worker: a page for the time without a network, photos shared from other apps, and clicks on
 * notifications. It keeps one page and its styles, fetched without cookies; all else always comes from the server.
 */
import { storePhotos } from "./upload/stored_photos";

declare const self: ServiceWorkerGlobalScope;
/** Written before this script by jobs/pages/install.py. */
declare const SHELL: { version: string; page: string; files: string[]; share: string; maxPhotos: number };

const CACHE = `shell-${SHELL.version}`;

async function fillShell(): Promise<void> {
  const cache = await caches.open(CACHE);
  const urls = [SHELL.page, ...SHELL.files];
  await cache.addAll(urls.map((url) => new Request(url, { credentials: "omit", cache: "reload" })));
}

/** The shell again if sign-out, or the visitor, has emptied the caches. */
async function refillShell(): Promise<void> {
  if (!(await caches.has(CACHE))) await fillShell().catch(() => caches.delete(CACHE));
}

async function removeOldShells(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function fromShell(url: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(url, { ignoreVary: true })) ?? Response.error();
}

async function pageOrOffline(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch {
    return fromShell(SHELL.page);
  }
}

async function fileOrShell(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch {
    return fromShell(request.url);
  }
}

/**
 * Keeps the shared photos for the upload page. Any site can send a form here, so that nothing else may happen: what
 * arrived is shown, and sent only when the visitor presses "Create model".
 */
async function keepShared(request: Request): Promise<Response> {
  const form = await request.formData();
  const files = form.getAll("photo").filter((value) => value instanceof File && value.size > 0) as File[];
  if (files.length > 0) await storePhotos(files.slice(0, SHELL.maxPhotos));
  return Response.redirect(SHELL.share, 303);
}

/** A page in a tab of its own; not a download, which the browser itself continues after an interruption. */
function isPage(request: Request, url: URL): boolean {
  return request.mode === "navigate" && request.destination === "document" && !/\/files|\/api\//.test(url.pathname);
}

self.addEventListener("install", (event) => {
  event.waitUntil(fillShell().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(removeOldShells().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method === "POST" && url.pathname === SHELL.share) event.respondWith(keepShared(request));
  if (request.method !== "GET") return;
  if (isPage(request, url)) {
    event.respondWith(pageOrOffline(request));
    event.waitUntil(refillShell());
  } else if (SHELL.files.includes(url.pathname)) event.respondWith(fileOrShell(request));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(showPage(String((event.notification.data as { page: string }).page)));
});

/** Shows the page in the tab that is on it already, else in another tab or window. */
async function showPage(page: string): Promise<void> {
  const windows = await self.clients.matchAll({ type: "window" });
  const open = windows.find((client) => new URL(client.url).pathname === page);
  await (open ? open.focus() : self.clients.openWindow(page));
}
