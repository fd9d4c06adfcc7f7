/** Calls to the API: JSON in, JSON out, errors as messages for the visitor. */
import { find } from "./dom";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** The first code of the server's error, empty if it sent none. */
    readonly code = "",
  ) {
    super(message);
  }
}

/** CSRF token of a form on the page (the cookie may be hidden from scripts). */
export function csrfToken(): string {
  return find<HTMLInputElement>("input[name=csrfmiddlewaretoken]")?.value ?? "";
}

/** The error of a response that is not OK. */
export function apiError(status: number, body: string): ApiError {
  return new ApiError(status, errorMessage(status, body), codeIn(body));
}

function codeIn(body: string): string {
  try {
    return String((JSON.parse(body) as { errors?: { code?: unknown }[] }).errors?.[0]?.code ?? "");
  } catch {
    return "";
  }
}

/** The server's message from a drf-standardized-errors body, else one by status. */
export function errorMessage(status: number, body: string): string {
  return messagesIn(body) || fallbackMessage(status);
}

function messagesIn(body: string): string {
  try {
    const { errors } = JSON.parse(body) as { errors?: { detail?: unknown }[] };
    return (errors ?? [])
      .map((error) => String(error.detail ?? ""))
      .filter(Boolean)
      .join(" ");
  } catch {
    return "";
  }
}

function fallbackMessage(status: number): string {
  if (status === 0) return "The server could not be reached. Check your connection and try again.";
  if (status === 401 || status === 403) return "You're signed out. Sign in and try again.";
  if (status === 404) return "This is no longer available.";
  if (status === 413) return "The photo is too large for this server.";
  if (status === 429) return "Too many requests. Wait a moment and try again.";
  return `The server returned an error (${status}). Try again in a moment.`;
}

export function getJson<T>(url: string): Promise<T> {
  return request<T>(url, { headers: { Accept: "application/json" } });
}

export function postJson<T>(url: string): Promise<T> {
  const headers = { Accept: "application/json", "X-CSRFToken": csrfToken() };
  return request<T>(url, { method: "POST", headers });
}

async function request<T>(url: string, init: RequestInit): Promise<T> {
  const response = await fetch(url, { credentials: "same-origin", ...init }).catch(() => null);
  if (!response) throw new ApiError(0, errorMessage(0, ""));
  const body = await response.text();
  if (!response.ok) throw apiError(response.status, body);
  return JSON.parse(body) as T;
}

export interface Upload {
  url: string;
  body: FormData;
  idempotencyKey: string;
  onProgress: (fraction: number) => void;
}

/** Sends a form with upload progress, which `fetch` does not report. Rejects with an `ApiError`. */
export function upload<T>({ url, body, idempotencyKey, onProgress }: Upload): Promise<T> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open("POST", url);
    xhr.setRequestHeader("Accept", "application/json");
    xhr.setRequestHeader("X-CSRFToken", csrfToken());
    xhr.setRequestHeader("Idempotency-Key", idempotencyKey);
    xhr.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    xhr.onerror = () => reject(new ApiError(0, errorMessage(0, "")));
    xhr.onload = () => settle<T>(xhr, resolve, reject);
    xhr.send(body);
  });
}

function settle<T>(xhr: XMLHttpRequest, resolve: (value: T) => void, reject: (error: ApiError) => void): void {
  if (xhr.status >= 200 && xhr.status < 300) resolve(JSON.parse(xhr.responseText) as T);
  else reject(apiError(xhr.status, xhr.responseText));
}
