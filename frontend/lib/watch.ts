/** Jobs whose end is reported on whatever page of the site is open, if the visitor allowed notifications. */
import { ApiError } from "../../clients/typescript/src/client";
import { api as server } from "./http";
import { isActive, type Job, statusMessage } from "./job";
import { notificationsAllowed, notify } from "./notify";

export interface Watched {
  /** Address of the job in the API, and of its page. */
  api: string;
  page: string;
}

const KEY = "watched";
const POLL_MS = 5000;

function watched(): Watched[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]") as Watched[];
  } catch {
    return []; // no storage, or not ours
  }
}

function store(jobs: Watched[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(jobs));
  } catch {
    // A private window: only the page of the job itself reports its end.
  }
}

export function watch(job: Watched): void {
  store([...watched().filter(({ api }) => api !== job.api), job]);
}

export function unwatch(job: Watched): void {
  store(watched().filter(({ api }) => api !== job.api));
}

export function forgetWatched(): void {
  store([]);
}

/** Asks for the watched jobs every few seconds, except for the one whose page this is: it follows the job itself. */
export function watchJobs(): void {
  if (!("signedIn" in document.body.dataset)) {
    forgetWatched();
    return;
  }
  const others = watched().filter(({ page }) => page !== location.pathname);
  if (others.length === 0 || !notificationsAllowed()) return;
  window.setTimeout(() => void Promise.all(others.map(report)).finally(watchJobs), POLL_MS);
}

async function report(job: Watched): Promise<void> {
  try {
    const found = await server.request<Job>("GET", `${job.api}?fields=state,stage,title,failure,cancel_requested`);
    if (isActive(found) || !watched().some(({ api }) => api === job.api)) return;
    unwatch(job);
    await notify(`${found.title}: ${statusMessage(found, "")}`, job.page);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) unwatch(job);
  }
}
