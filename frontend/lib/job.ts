/** A job as the API, the socket and the page's embedded data describe it. */

export type State = "queued" | "running" | "succeeded" | "failed" | "cancelled";

export interface Job {
  id: string;
  title: string;
  state: State;
  stage: string;
  progress: number;
  seq: number;
  attempt: number;
  engine: string;
  quality: string;
  created_at: string | null;
  queued_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  cancel_requested: boolean;
  failure: { code: string; message: string } | null;
  queue_position: number | null;
  estimate_seconds: number | null;
  worker_online: boolean;
  urls: { self: string; page: string; files: string };
  files?: JobFile[];
}

export interface JobFile {
  name: string;
  title: string;
  url: string;
  size: number;
}

/** URL of the job's file `name`, null while it does not exist. */
export function fileUrl(job: Pick<Job, "files">, name: string): string | null {
  return job.files?.find((file) => file.name === name)?.url ?? null;
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
