/** The site as an installed app: its service worker, and what a browser forgets at sign-out. */
import { forgetPhotos } from "../upload/stored_photos";
import { all } from "./dom";
import { forgetWatched } from "./watch";

/** Sign-out does not wait longer for the browser to forget. */
const FORGET_MS = 1000;

export function registerServiceWorker(): void {
  const url = document.body.dataset["worker"];
  if (!url || !("serviceWorker" in navigator)) return;
  // Not before the page has loaded, which matters more. Some private windows allow no service worker.
  window.addEventListener("load", () => void navigator.serviceWorker.register(url).catch(() => undefined));
}

/** Before sign-out: photos that wait to be sent, jobs that are watched, and all that is cached. */
export function wireSignOut(): void {
  for (const form of all<HTMLFormElement>("form[data-sign-out]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const late = new Promise((resolve) => setTimeout(resolve, FORGET_MS));
      void Promise.race([forget(), late]).finally(() => form.submit());
    });
  }
}

async function forget(): Promise<void> {
  forgetWatched();
  await Promise.all([forgetPhotos(), emptyCaches()]).catch(() => undefined);
}

async function emptyCaches(): Promise<void> {
  if (!("caches" in window)) return; // not a secure context
  await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
}
