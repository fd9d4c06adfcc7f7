/** A job as the API, the socket and the page's embedded data describe it. */
import type { Schemas } from "../../clients/typescript/src/client";

/** What the pages use of a job. */
export type Job = Pick<
  Schemas["Job"],
  | "id"
  | "title"
  | "state"
  | "stage"
  | "progress"
  | "seq"
  | "attempt"
  | "engine"
  | "quality"
  | "created_at"
  | "queued_at"
  | "started_at"
  | "finished_at"
  | "cancel_requested"
  | "failure"
  | "queue_position"
  | "estimate_seconds"
  | "worker_online"
  | "urls"
  | "files"
>;

/** URL of the job's file `name`, null while it does not exist. */
export function fileUrl(job: { files: readonly { name: string; url: string }[] }, name: string): string | null {
  return job.files.find((file) => file.name === name)?.url ?? null;
}

export function isActive(job: Pick<Job, "state">): boolean {
  return job.state === "queued" || job.state === "running";
}

/**
 * Whether `next` may replace `last`. Updates come from the socket and from polling, so an old one can arrive late:
 * a smaller `seq` is dropped, and so is the same `seq` unless it is a fresh read (snapshot or poll), which may
 * know a better queue position.
 */
export function isNewer(last: Job | null, next: Job, fresh = false): boolean {
  if (!last) return true;
  return fresh ? next.seq >= last.seq : next.seq > last.seq;
}

export type StageState = "done" | "active" | "pending";

/** State of each stage of `names`, in order, for a job that is at `job.stage`. */
export function stageStates(names: readonly string[], job: Pick<Job, "state" | "stage">): StageState[] {
  if (job.state === "succeeded") return names.map(() => "done");
  const at = names.indexOf(job.stage);
  const now: StageState = job.state === "running" ? "active" : "pending";
  return names.map((_, index) => {
    if (index < at) return "done";
    return index === at ? now : "pending";
  });
}

/** What the job is doing, for the heading and the live region. */
export function statusMessage(job: Job, stageTitle: string): string {
  if (job.state === "succeeded") return "Your model is ready.";
  if (job.state === "failed") return "Something went wrong.";
  if (job.state === "cancelled") return "Cancelled.";
  if (job.cancel_requested) return "Cancelling…";
  if (job.state === "running") return stageTitle || "Starting";
  return queueMessage(job);
}

function queueMessage(job: Job): string {
  if (!job.worker_online) return "Waiting: no worker is running on this server.";
  const ahead = job.queue_position === null ? 0 : Math.max(job.queue_position - 1, 0);
  if (ahead === 0) return "Next in the queue.";
  return ahead === 1 ? "Queued: 1 job ahead of yours." : `Queued: ${ahead} jobs ahead of yours.`;
}
