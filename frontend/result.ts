// The owner's result page: placeholders of the remix form, and formats that are being created. It works without scripts too.
import { all, find, need } from "./lib/dom";
import { api } from "./lib/http";
import { wireQualityDefaults } from "./lib/quality_defaults";

/** How often the server is asked for a format that is being created, as its `Retry-After` says. */
const POLL_MS = 2000;
const FILES = "#files";

const remix = find<HTMLFormElement>("[data-remix]");
if (remix) wireQualityDefaults(remix);
setInterval(() => void followConversions(), POLL_MS);

let isBusy = false;

/** Shows the files of formats that are being created as soon as they are there, or that it did not work. */
async function followConversions(): Promise<void> {
  const job = find<HTMLElement>("[data-job]", need(FILES))?.dataset["job"];
  if (!job || isBusy) return;
  isBusy = true;
  const pending = all<HTMLElement>("[data-converting]").map((line) => line.dataset["converting"] ?? "");
  const ended = await Promise.all(pending.map((format) => hasEnded(job, format)));
  if (ended.some(Boolean)) await showFiles().catch(() => undefined); // the next time, if the server is away
  isBusy = false;
}

async function hasEnded(job: string, format: string): Promise<boolean> {
  try {
    const files = await api.get("/api/v1/jobs/{id}/files/", { path: { id: job }, query: { format: format as "stl" } });
    return files.length > 0;
  } catch {
    return true;
  }
}

async function showFiles(): Promise<void> {
  if (find("[data-archived]")) return location.reload(); // viewer, pictures and downloads come back
  const response = await fetch(location.href);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  need(FILES).replaceWith(document.adoptNode(need(FILES, page)));
}
