/** Follows one job to its end: over the socket while it is open, else by polling the API. */
import { ApiError } from "../../clients/typescript/src/client";
import { backoff } from "./backoff";
import { api } from "./http";
import { isActive, isNewer, type Job } from "./job";
import { LiveLine } from "./live_line";

export interface Follower {
  onJob: (job: Job) => void;
  /** Live updates have been missing for a while, or are back. */
  onLine: (isDown: boolean) => void;
  /** The job was deleted, or is no longer the visitor's. */
  onGone: () => void;
}

interface Message {
  type: string;
  job?: Job;
}

const POLL_MS = 3000;
/** A socket can be dead without either side noticing, so poll now and then even while it is open. */
const POLL_WHILE_LIVE_MS = 20_000;
/** Close codes of jobs/live/snapshots.py: the session has ended; there is no such job. */
const CODE_SIGNED_OUT = 4401;
const CODE_GONE = 4404;

/** Starts following `first`; the returned function stops. */
export function follow(first: Job, follower: Follower): () => void {
  const followed = new Followed(first, follower);
  followed.start();
  return () => followed.stop();
}

class Followed {
  private last: Job;
  private readonly line: LiveLine;
  private socket: WebSocket | null = null;
  private attempt = 0;
  private stopped = false;
  private reconnectTimer: number | undefined;
  private pollTimer: number | undefined;

  constructor(
    first: Job,
    private readonly follower: Follower,
  ) {
    this.last = first;
    this.line = new LiveLine(follower.onLine);
  }

  start(): void {
    this.connect();
    this.schedulePoll();
  }

  stop(): void {
    this.stopped = true;
    this.line.stop();
    clearTimeout(this.reconnectTimer);
    clearTimeout(this.pollTimer);
    this.socket?.close();
  }

  private connect(): void {
    if (this.stopped) return;
    const socket = new WebSocket(socketUrl(this.last.id));
    this.socket = socket;
    socket.onmessage = (event) => this.onMessage(JSON.parse(String(event.data)) as Message);
    socket.onclose = (event) => this.onClose(event.code);
  }

  private onMessage(message: Message): void {
    if (!message.job) return;
    this.attempt = 0;
    this.line.alive();
    this.accept(message.job, message.type === "snapshot");
    this.schedulePoll();
  }

  private onClose(code: number): void {
    if (this.stopped) return;
    if (code === CODE_GONE) {
      this.onGone();
      return;
    }
    this.line.lost();
    this.schedulePoll();
    if (code === CODE_SIGNED_OUT) return void this.poll();
    this.reconnectTimer = window.setTimeout(() => this.connect(), backoff(this.attempt));
    this.attempt += 1;
  }

  private schedulePoll(): void {
    clearTimeout(this.pollTimer);
    if (this.stopped) return;
    const delay = this.isLive() ? POLL_WHILE_LIVE_MS : POLL_MS;
    this.pollTimer = window.setTimeout(() => void this.poll(), delay);
  }

  private async poll(): Promise<void> {
    try {
      this.accept(await api.get("/api/v1/jobs/{id}/", { path: { id: this.last.id } }), true);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return this.onGone();
      // The page asks for the password and then comes back here.
      if (error instanceof ApiError && error.status === 401) return location.reload();
    }
    this.schedulePoll();
  }

  private isLive(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  private accept(job: Job, fresh: boolean): void {
    if (this.stopped || !isNewer(this.last, job, fresh)) return;
    this.last = job;
    if (!isActive(job)) this.stop();
    this.follower.onJob(job);
  }

  private onGone(): void {
    this.stop();
    this.follower.onGone();
  }
}

function socketUrl(id: string): string {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}/ws/jobs/${id}/`;
}
