// The progress page: stages, bar and clock follow the job until it ends; then the server shows what came of it.
import { all, find, need, readJson, setText } from "./lib/dom";
import { follow, type Link } from "./lib/follow";
import { formatDuration, formatPercent, secondsBetween } from "./lib/format";
import { ApiError, postJson } from "./lib/http";
import { fileUrl, isActive, type Job, stageStates, statusSentence } from "./lib/job";
import { notifyEnd, wireNotifyButton } from "./lib/notify";
import { StageClock } from "./progress/clock";

interface StageData {
  now: string;
  starts: Record<string, string>;
  /** Share of the work that this job does not do: a remix begins in the middle. */
  skipped: number;
}

const page = need("[data-progress]");
const items = all<HTMLLIElement>("[data-stage]", page);
const names = items.map((item) => item.dataset["stage"] ?? "");
const stageData = readJson<StageData>("stage-data");
const clock = new StageClock(stageData.starts, stageData.now);
let job = readJson<Job>("job-data");

function share(): number {
  return Math.max(0, (job.progress - stageData.skipped) / (1 - stageData.skipped));
}

function stageTitle(): string {
  return find("[data-stage-title]", items[names.indexOf(job.stage)] ?? page)?.textContent?.trim() ?? "";
}

function showStages(): void {
  const states = stageStates(names, job);
  items.forEach((item, index) => {
    item.dataset["state"] = states[index];
    if (states[index] === "active") item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
    const seconds = states[index] === "pending" ? null : clock.seconds(names[index] ?? "");
    setText(find("[data-stage-seconds]", item), seconds === null ? "" : formatSeconds(seconds));
  });
}

/** Tenths while they matter. */
function formatSeconds(seconds: number): string {
  return seconds < 10 ? `${seconds.toFixed(1)} s` : formatDuration(seconds);
}

function showJob(): void {
  if (job.started_at) clock.began(names[0] ?? "", job.started_at);
  clock.enter(job.stage);
  const sentence = statusSentence(job, job.stage ? stageTitle() : "");
  setText(need("[data-status]", page), sentence);
  setText(need("[data-percent]", page), formatPercent(share()));
  need<HTMLProgressElement>("[data-bar]", page).value = share();
  need("[data-no-worker]", page).hidden = job.worker_online || !isActive(job);
  need<HTMLButtonElement>("[data-cancel] button", page).disabled = job.cancel_requested;
  document.title = `${formatPercent(share())} · ${job.title}`;
  showStages();
  showEarly();
}

let previewAsked = false;

/** The cutout tells at once whether the right object was found, the coarse model what shape it gets. */
function showEarly(): void {
  const [cutout, preview] = [fileUrl(job, "cutout.png"), fileUrl(job, "preview.glb")];
  const [picture, model] = [need("[data-early-cutout]", page), need("[data-early-preview]", page)];
  if (cutout && picture.hidden) {
    need<HTMLImageElement>("[data-early-picture]", picture).src = cutout;
    picture.hidden = false;
  }
  if (preview && !previewAsked) {
    previewAsked = true;
    model.hidden = false;
    void showModel(model, preview);
  }
  need("[data-early]", page).hidden = picture.hidden && model.hidden;
}

async function showModel(figure: HTMLElement, url: string): Promise<void> {
  const host = need("[data-preview]", figure);
  try {
    const { showPreview } = await import("./progress/preview");
    await showPreview(host, url);
    host.dataset["ready"] = "true";
  } catch (failure) {
    console.warn(failure); // no WebGL: the cutout and the stages still tell how it goes
    figure.hidden = true;
  }
}

/** What is usual on this server, and from the start of the work on what is left of it. */
function estimate(elapsed: number | null): string {
  const usual = job.estimate_seconds;
  if (usual === null) return "";
  if (job.state !== "running" || elapsed === null) return `usually about ${formatDuration(usual)}`;
  return elapsed < usual ? `about ${formatDuration(usual - elapsed)} left` : "taking longer than usual";
}

function showClock(): void {
  const seconds = secondsBetween(job.started_at ?? job.queued_at ?? job.created_at, job.finished_at);
  const label = job.state === "queued" ? "waiting" : "elapsed";
  setText(find("[data-elapsed]", page), seconds === null ? "" : `${formatDuration(seconds)} ${label}`);
  setText(find("[data-estimate]", page), estimate(seconds));
  showStages();
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
