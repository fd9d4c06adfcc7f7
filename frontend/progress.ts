// The progress page: stages, bar and clock follow the job until it ends; then the server renders the outcome.
import { ApiError } from "../clients/typescript/src/client";
import { all, find, need, readJson, setText } from "./lib/dom";
import { follow } from "./lib/follow";
import { formatDuration, formatPercent, secondsBetween } from "./lib/format";
import { api } from "./lib/http";
import { fileUrl, isActive, type Job, stageStates, statusMessage } from "./lib/job";
import { notificationsAllowed, notify, wireNotifyButton } from "./lib/notify";
import { unwatch, type Watched, watch } from "./lib/watch";
import { StageClock } from "./progress/clock";

interface StageData {
  now: string;
  starts: Record<string, string>;
  /** Fraction of the pipeline that this job skips: a remix starts at the surface. */
  skipped: number;
}

const page = need("[data-progress]");
const items = all<HTMLLIElement>("[data-stage]", page);
const names = items.map((item) => item.dataset["stage"] ?? "");
const stageData = readJson<StageData>("stage-data");
const clock = new StageClock(stageData.starts, stageData.now);
let job = readJson<Job>("job-data");

function fraction(): number {
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

/** Tenths below ten seconds. */
function formatSeconds(seconds: number): string {
  return seconds < 10 ? `${seconds.toFixed(1)} s` : formatDuration(seconds);
}

function showJob(): void {
  if (job.started_at) clock.began(names[0] ?? "", job.started_at);
  clock.enter(job.stage);
  const message = statusMessage(job, job.stage ? stageTitle() : "");
  setText(need("[data-status]", page), message);
  setText(need("[data-percent]", page), formatPercent(fraction()));
  need<HTMLProgressElement>("[data-bar]", page).value = fraction();
  need("[data-no-worker]", page).hidden = job.worker_online || !isActive(job);
  need<HTMLButtonElement>("[data-cancel] button", page).disabled = job.cancel_requested;
  document.title = `${formatPercent(fraction())} · ${job.title}`;
  showStages();
  showEarly();
}

let previewRequested = false;

/** The cutout shows early whether the right object was found, the coarse model what shape it gets. */
function showEarly(): void {
  const [cutout, preview] = [fileUrl(job, "cutout.png"), fileUrl(job, "preview.glb")];
  const [picture, model] = [need("[data-early-cutout]", page), need("[data-early-preview]", page)];
  if (cutout && picture.hidden) {
    need<HTMLImageElement>("[data-early-picture]", picture).src = cutout;
    picture.hidden = false;
  }
  if (preview && !previewRequested) {
    previewRequested = true;
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
    console.warn(failure); // no WebGL: the cutout and the stages still show the progress
    figure.hidden = true;
  }
}

/** The usual duration on this server; once running, what is left of it. */
function estimate(elapsed: number | null): string {
  const usual = job.estimate_seconds;
  if (job.state !== "running" || elapsed === null) return `Usually about ${formatDuration(usual)}`;
  return elapsed < usual ? `About ${formatDuration(usual - elapsed)} left` : "Taking longer than usual";
}

function showClock(): void {
  const seconds = secondsBetween(job.started_at ?? job.queued_at ?? job.created_at, job.finished_at);
  const label = job.state === "queued" ? "Waiting" : "Running";
  setText(find("[data-elapsed]", page), seconds === null ? "" : `${label} ${formatDuration(seconds)}`);
  setText(find("[data-estimate]", page), estimate(seconds));
  showStages();
}

function showLine(isDown: boolean): void {
  need("[data-connection]", page).hidden = !isDown;
}

function update(next: Job): void {
  job = next;
  showJob();
  showClock();
  if (isActive(job)) return;
  // The same URL now shows the result, or what went wrong.
  void reportEnd().finally(() => location.reload());
}

async function reportEnd(): Promise<void> {
  unwatch(watched());
  if (document.hidden) await notify(`${job.title}: ${statusMessage(job, "")}`, watched().page);
}

function watched(): Watched {
  return { api: job.urls.self, page: job.urls.page };
}

async function cancel(form: HTMLFormElement): Promise<void> {
  const button = need<HTMLButtonElement>("button", form);
  button.disabled = true;
  setText(need("[data-status]", page), "Cancelling…");
  try {
    update(await api.post("/api/v1/jobs/{id}/cancel/", { path: { id: job.id } }));
  } catch (failure) {
    button.disabled = false;
    setText(need("[data-status]", page), failure instanceof ApiError ? failure.message : "Something went wrong.");
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
  if (notificationsAllowed()) watch(watched());
  wireNotifyButton(need<HTMLButtonElement>("[data-notify]", page), () => watch(watched()));
  follow(job, {
    onJob: update,
    onLine: showLine,
    onGone: () => location.assign(page.dataset["gone"] ?? "/"),
  });
}
