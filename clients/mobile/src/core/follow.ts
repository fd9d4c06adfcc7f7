/** Follows a job: over a socket while there is one, else by asking every few seconds. */
import { type Api, type Job, Problem } from "./api.ts";

export const POLL_MS = 3000;
/** A socket can be dead without either side noticing. */
export const POLL_WHILE_LIVE_MS = 20_000;

export interface Socket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  close: () => void;
}

export interface World {
  open: (url: string) => Socket;
  /** Calls back after so many milliseconds; the returned function cancels that. */
  later: (milliseconds: number, call: () => void) => () => void;
}

export function isActive(job: Pick<Job, "state">): boolean {
  return job.state === "queued" || job.state === "running";
}

/** Calls `onJob` with each newer state of the job until it has ended; the returned function stops that. */
export function follow(api: Api, id: string, onJob: (job: Job) => void, world: World): () => void {
  let last = -1;
  let stopped = false;
  let socket: Socket | null = null;
  let cancelPoll = (): void => undefined;

  function stop(): void {
    stopped = true;
    cancelPoll();
    socket?.close();
  }

  function accept(job: Job): void {
    if (stopped || job.seq < last) return;
    last = job.seq;
    onJob(job);
    if (!isActive(job)) stop();
  }

  async function poll(): Promise<void> {
    try {
      accept(await api.job(id));
    } catch (error) {
      if (error instanceof Problem && [401, 404].includes(error.status)) return stop();
    }
    schedule();
  }

  function schedule(): void {
    cancelPoll();
    if (stopped) return;
    const wait = socket ? POLL_WHILE_LIVE_MS : POLL_MS;
    cancelPoll = world.later(wait, () => void (socket ? poll() : connect().then(poll)));
  }

  async function connect(): Promise<void> {
    const url = await api.socketUrl(id).catch(() => null);
    if (stopped || url === null) return;
    const opened = world.open(url);
    socket = opened;
    opened.onmessage = ({ data }) => {
      const { job } = JSON.parse(String(data)) as { job?: Job };
      if (job) accept(job);
    };
    opened.onclose = () => {
      socket = null;
      schedule();
    };
  }

  void connect().then(poll);
  return stop;
}
