/** The calls that the app makes. Their paths and fields are described in docs/openapi.yaml. */

export const PATHS = {
  signUp: "/api/v1/auth/sign-up/",
  tokens: "/api/v1/auth/tokens/",
  revoke: "/api/v1/auth/tokens/revoke/",
  server: "/api/v1/server/",
  uploads: "/api/v1/uploads/",
  upload: "/api/v1/uploads/{id}/",
  jobs: "/api/v1/jobs/",
  job: "/api/v1/jobs/{id}/",
  cancel: "/api/v1/jobs/{id}/cancel/",
  links: "/api/v1/jobs/{id}/links/",
  share: "/api/v1/jobs/{id}/share/",
  ticket: "/api/v1/events/ticket/",
} as const;

export type State = "queued" | "running" | "succeeded" | "failed" | "cancelled";

export interface Job {
  id: string;
  title: string;
  state: State;
  stage: string;
  progress: number;
  seq: number;
  eta_seconds: number | null;
  failure: { code: string; message: string; advice: string } | null;
}

export interface Upload {
  id: string;
  length: number;
  offset: number;
}

export interface Server {
  sign_up_open: boolean;
  stages: { name: string; title: string }[];
  limits: { photo_bytes: number; upload_part_bytes: number };
}

/** An answer that is not a success, as a message for people and a code for the app; status 0 without a connection. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

interface Request {
  method?: string;
  json?: unknown;
  body?: FormData | Uint8Array;
  headers?: Record<string, string>;
}

export class Api {
  readonly server: string;
  token: string;
  private readonly fetch: typeof fetch;

  constructor(server: string, token = "", fetcher: typeof fetch = (...args) => fetch(...args)) {
    this.server = server.replace(/\/+$/, "");
    this.token = token;
    this.fetch = fetcher;
  }

  facts(): Promise<Server> {
    return this.json<Server>(PATHS.server);
  }

  signUp(email: string, password: string): Promise<{ confirmation_required: boolean }> {
    return this.json(PATHS.signUp, { json: { email, password } });
  }

  async signIn(email: string, password: string, code = ""): Promise<string> {
    const json = { email, password, code, name: "Reconsite app" };
    this.token = (await this.json<{ token: string }>(PATHS.tokens, { json })).token;
    return this.token;
  }

  async signOut(): Promise<void> {
    await this.send(PATHS.revoke, { method: "POST" });
    this.token = "";
  }

  async jobs(): Promise<Job[]> {
    const query = "?fields=id,title,state,stage,progress,seq,eta_seconds,failure";
    return (await this.json<{ results: Job[] }>(PATHS.jobs + query)).results;
  }

  job(id: string): Promise<Job> {
    return this.json<Job>(pathOf(PATHS.job, id));
  }

  /** The same `key` never creates a second job. */
  createJob(uploads: readonly string[], key: string, title = ""): Promise<Job> {
    const body = new FormData();
    for (const id of uploads) body.append("upload", id);
    if (title) body.append("title", title);
    return this.json<Job>(PATHS.jobs, { method: "POST", body, headers: { "Idempotency-Key": key } });
  }

  cancel(id: string): Promise<Job> {
    return this.json<Job>(pathOf(PATHS.cancel, id), { method: "POST" });
  }

  async remove(id: string): Promise<void> {
    await this.send(pathOf(PATHS.job, id), { method: "DELETE" });
  }

  /** Addresses of the files by name, for views that cannot send a header; they work for 15 minutes. */
  async links(id: string): Promise<Record<string, string>> {
    const { files } = await this.json<{ files: Record<string, string> }>(pathOf(PATHS.links, id), { method: "POST" });
    return Object.fromEntries(Object.entries(files).map(([name, url]) => [name, new URL(url, this.server).href]));
  }

  async share(id: string): Promise<string> {
    return (await this.json<{ url: string }>(pathOf(PATHS.share, id), { method: "POST" })).url;
  }

  /** Address of a socket that follows the job; it must be opened within a minute. */
  async socketUrl(id: string): Promise<string> {
    const { ticket } = await this.json<{ ticket: string }>(PATHS.ticket, { method: "POST" });
    return `${this.server.replace(/^http/, "ws")}/ws/jobs/${id}/?ticket=${encodeURIComponent(ticket)}`;
  }

  createUpload(length: number, name: string): Promise<Upload> {
    const headers = { ...TUS, "Upload-Length": String(length), "Upload-Metadata": `filename ${base64(name)}` };
    return this.json<Upload>(PATHS.uploads, { method: "POST", headers });
  }

  upload(id: string): Promise<Upload> {
    return this.json<Upload>(pathOf(PATHS.upload, id));
  }

  /** Adds a part, and returns the offset after it. */
  async addPart(id: string, offset: number, part: Uint8Array): Promise<number> {
    const headers = { ...TUS, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    await this.send(pathOf(PATHS.upload, id), { method: "PATCH", body: part, headers });
    return offset + part.length;
  }

  private async json<T>(path: string, request: Request = {}): Promise<T> {
    return (await (await this.send(path, request)).json()) as T;
  }

  private async send(path: string, request: Request): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json", ...request.headers };
    if (this.token) headers["Authorization"] = `Bearer ${this.token}`;
    if (request.json !== undefined) headers["Content-Type"] = "application/json";
    const response = await this.fetch(this.server + path, {
      method: request.method ?? (request.json === undefined ? "GET" : "POST"),
      headers,
      credentials: "omit",
      ...(request.json === undefined ? {} : { body: JSON.stringify(request.json) }),
      ...(request.body === undefined ? {} : { body: request.body as BodyInit }),
    }).catch((error: unknown) => {
      throw new Problem(
        0,
        "unreachable",
        `The server can't be reached. ${error instanceof Error ? error.message : ""}`,
      );
    });
    if (response.ok) return response;
    throw await problemOf(response);
  }
}

const TUS = { "Tus-Resumable": "1.0.0" };

async function problemOf(response: Response): Promise<Problem> {
  try {
    const { code, detail } = (await response.json()) as { code: string; detail: string };
    return new Problem(response.status, code, detail);
  } catch {
    return new Problem(response.status, "error", `The server answered with status ${response.status}.`);
  }
}

export function pathOf(template: string, id: string): string {
  return template.replace("{id}", encodeURIComponent(id));
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
