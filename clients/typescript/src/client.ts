/** A thin wrapper around `fetch` for the API of a Reconsite server: typed paths, one shape of errors. */
import type { components, paths } from "./schema.js";

export type Schemas = components["schemas"];
export type Job = Schemas["Job"];
export type Problem = Schemas["Problem"];

type Method = "get" | "post" | "put" | "patch" | "delete";

/** The paths that have an operation with this method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: [paths[P][M]] extends [undefined] ? never : P;
}[keyof paths];

type Parameters<O, Place extends string> = O extends { parameters: infer All }
  ? Place extends keyof All
    ? NonNullable<All[Place]>
    : never
  : never;

type ContentOf<O> = O extends { requestBody?: infer Body }
  ? NonNullable<Body> extends { content: infer Content }
    ? Content
    : never
  : never;

/** JSON as it is described, or a form where files are sent. */
export type BodyOf<O> =
  ContentOf<O> extends { "application/json": infer Body }
    ? Body
    : ContentOf<O> extends { "multipart/form-data": unknown }
      ? FormData
      : undefined;

/** What the operation sends when it has done what was asked; undefined without a body. */
export type ResultOf<O> = O extends { responses: infer All }
  ? {
      [Status in keyof All]: Status extends 200 | 201 | 202 | 204
        ? All[Status] extends { content: { "application/json": infer Body } }
          ? Body
          : undefined
        : never;
    }[keyof All]
  : never;

type PathOption<O> = [Parameters<O, "path">] extends [never] ? unknown : { path: Parameters<O, "path"> };

export type CallOptions<O> = PathOption<O> & {
  query?: Parameters<O, "query">;
  body?: BodyOf<O>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

type Rest<O> = [Parameters<O, "path">] extends [never] ? [options?: CallOptions<O>] : [options: CallOptions<O>];

export interface ClientOptions {
  /** Address of the server; empty for the site that the page comes from. */
  server?: string;
  /** Sent as a bearer token. Without one, the browser's session counts. */
  token?: string;
  /** Headers of each request, read anew each time: a CSRF token, say. */
  headers?: () => Record<string, string>;
  fetch?: typeof fetch;
}

export interface RawOptions {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Every failure of the API: `code` for the program, `message` for the user. Status 0: the server was not reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** Of the first error; empty if the server sent none. */
    readonly code = "",
    readonly problem: Problem | null = null,
    /** Seconds to wait before trying again, if the server says so. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

/** The error of a response that is no success. */
export function errorOf(status: number, body: string, retryAfter: string | null = null): ApiError {
  const problem = problemIn(body);
  const seconds = retryAfter && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
  return new ApiError(status, messageOf(problem) || fallbackMessage(status), problem?.code ?? "", problem, seconds);
}

function problemIn(body: string): Problem | null {
  try {
    const found = JSON.parse(body) as Problem | null;
    return Array.isArray(found?.errors) ? { ...found, code: found.code ?? found.errors[0]?.code ?? "" } : null;
  } catch {
    return null;
  }
}

function messageOf(problem: Problem | null): string {
  const messages = (problem?.errors ?? []).map((error) => error.detail).filter(Boolean);
  return [...new Set(messages)].join(" ");
}

function fallbackMessage(status: number): string {
  if (status === 0) return "The server could not be reached. Check your connection and try again.";
  if (status === 401 || status === 403) return "You're signed out. Sign in and try again.";
  if (status === 404) return "This is no longer available.";
  if (status === 413) return "The photo is too large for this server.";
  if (status === 429) return "Too many requests. Wait a moment and try again.";
  return `The server returned an error (${status}). Try again in a moment.`;
}

export class Client {
  constructor(private readonly options: ClientOptions = {}) {}

  get<P extends PathOf<"get">>(path: P, ...rest: Rest<paths[P]["get"]>): Promise<ResultOf<paths[P]["get"]>> {
    return this.call("GET", path, rest[0]);
  }

  post<P extends PathOf<"post">>(path: P, ...rest: Rest<paths[P]["post"]>): Promise<ResultOf<paths[P]["post"]>> {
    return this.call("POST", path, rest[0]);
  }

  put<P extends PathOf<"put">>(path: P, ...rest: Rest<paths[P]["put"]>): Promise<ResultOf<paths[P]["put"]>> {
    return this.call("PUT", path, rest[0]);
  }

  patch<P extends PathOf<"patch">>(path: P, ...rest: Rest<paths[P]["patch"]>): Promise<ResultOf<paths[P]["patch"]>> {
    return this.call("PATCH", path, rest[0]);
  }

  delete<P extends PathOf<"delete">>(
    path: P,
    ...rest: Rest<paths[P]["delete"]>
  ): Promise<ResultOf<paths[P]["delete"]>> {
    return this.call("DELETE", path, rest[0]);
  }

  /** Any address of the server, such as one of a job's `links`. Undefined for a response without JSON. */
  async request<T>(method: string, path: string, { body, headers, signal }: RawOptions = {}): Promise<T> {
    const response = await this.send(method, path, { body, headers, signal } as RawOptions);
    const text = response.headers.get("Content-Type")?.includes("json") ? await response.text() : "";
    return (text ? JSON.parse(text) : undefined) as T;
  }

  /** As `request`, for what is no JSON: files and streams. Rejects with an `ApiError` unless it is a success. */
  async send(method: string, path: string, { body, headers, signal }: RawOptions = {}): Promise<Response> {
    const { server = "", token, headers: more, fetch: send = fetch } = this.options;
    const isJson = body !== undefined && !(body instanceof FormData);
    const response = await send(server + path, {
      method,
      credentials: token ? "omit" : "same-origin",
      headers: {
        Accept: "application/json",
        ...(isJson ? { "Content-Type": "application/json" } : {}),
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...more?.(),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as FormData) }),
      ...(signal ? { signal } : {}),
    }).catch((cause: unknown) => {
      if (signal?.aborted) throw cause;
      throw errorOf(0, "");
    });
    if (!response.ok) throw errorOf(response.status, await response.text(), response.headers.get("Retry-After"));
    return response;
  }

  private call<T>(method: string, path: string, options: object = {}): Promise<T> {
    const { path: values, query, ...rest } = options as { path?: object; query?: object } & RawOptions;
    return this.request<T>(method, address(path, values, query), rest);
  }
}

/** The path with its values, and the query; a list becomes a repeated parameter. */
export function address(path: string, values: object = {}, query: object = {}): string {
  const filled = Object.entries(values).reduce(
    (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(String(value))),
    path,
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const entry of Array.isArray(value) ? value : [value])
      if (entry !== undefined && entry !== null) search.append(name, String(entry));
  return search.size ? `${filled}?${search}` : filled;
}
