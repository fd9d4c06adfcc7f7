// The progress page: stages, bar and clock follow the job until it ends; then the server shows what came of it.
import { all, find, need, readJson, setText } from "./lib/dom";
import { follow, type Link } from "./lib/follow";
import { formatDuration, formatPercent, secondsBetween } from "./lib/format";
import { ApiError, postJson } from "./lib/http";
import { fileUrl, isActive, type Job, stageStates, statusSentence } from "./lib/job";
import { notifyEnd, wireNotifyButton } from "./lib/notify";

const page = need("[data-progress]");
const items = all<HTMLLIElement>("[data-stage]", page);
const names = items.map((item) => item.dataset["stage"] ?? "");
let job = readJson<Job>("job-data");

function stageTitle(): string {
  return find("[data-stage-title]", items[names.indexOf(job.stage)] ?? page)?.textContent?.trim() ?? "";
}

function showStages(): void {
  const states = stageStates(names, job);
  items.forEach((item, index) => {
    item.dataset["state"] = states[index];
    if (states[index] === "active") item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
}

function showJob(): void {
  const sentence = statusSentence(job, job.stage ? stageTitle() : "");
  setText(need("[data-status]", page), sentence);
  setText(need("[data-percent]", page), formatPercent(job.progress));
  need<HTMLProgressElement>("[data-bar]", page).value = job.progress;
  need("[data-no-worker]", page).hidden = job.worker_online || !isActive(job);
  need<HTMLButtonElement>("[data-cancel] button", page).disabled = job.cancel_requested;
  document.title = `${formatPercent(job.progress)} · ${job.title}`;
  showStages();
  showEarly();
}

/** The cutout is there long before the model; it tells at once whether the right object was found. */
function showEarly(): void {
  const url = fileUrl(job, "cutout.png");
  const figure = need("[data-early]", page);
  if (!url || !figure.hidden) return;
  need<HTMLImageElement>("[data-early-picture]", figure).src = url;
  figure.hidden = false;
}

function showClock(): void {
  const seconds = secondsBetween(job.started_at ?? job.queued_at ?? job.created_at, job.finished_at);
  const label = job.state === "queued" ? "waiting" : "elapsed";
  setText(find("[data-elapsed]", page), seconds === null ? "" : `${formatDuration(seconds)} ${label}`);
  const usual = job.estimate_seconds;
  setText(find("[data-estimate]", page), usual === null ? "" : `usually about ${formatDuration(usual)}`);
}

function showLink(link: Link): void {
  need("[data-link]", page).hidden = link === "live";
}

function take(next: Job): void {
  job = next;
  showJob();
  showClock();
  if (isActive(job)) return;
  notifyEnd(`${job.title}: ${statusSentence(job, "")}`);
  location.reload(); // the same address now shows the result, or what went wrong
}

async function cancel(form: HTMLFormElement): Promise<void> {
  const button = need<HTMLButtonElement>("button", form);
  button.disabled = true;
  setText(need("[data-status]", page), "Cancelling…");
  try {
    take(await postJson<Job>(`${job.urls.self}cancel/`));
  } catch (failure) {
    button.disabled = false;
    setText(need("[data-status]", page), failure instanceof ApiError ? failure.message : "This did not work.");
  }
}

function wireCancel(): void {
  const form = need<HTMLFormElement>("[data-cancel]", page);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void cancel(form);
  });
}

if (isActive(job)) {
  showJob();
  showClock();
  window.setInterval(showClock, 1000);
  wireCancel();
  wireNotifyButton(need<HTMLButtonElement>("[data-notify]", page));
  follow(job, { onJob: take, onLink: showLink, onGone: () => location.assign(page.dataset["gone"] ?? "/") });
}
