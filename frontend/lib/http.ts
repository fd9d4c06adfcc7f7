/** How the pages call the server: the API's client with the session's CSRF token, and uploads with their progress. */
import { type ApiError, Client, errorOf } from "../../clients/typescript/src/client";
import { find } from "./dom";

export const api = new Client({ headers: () => ({ "X-CSRFToken": csrfToken() }) });

/** CSRF token of a form on the page (the cookie may be hidden from scripts). */
function csrfToken(): string {
  return find<HTMLInputElement>("input[name=csrfmiddlewaretoken]")?.value ?? "";
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
    xhr.onerror = () => reject(errorOf(0, ""));
    xhr.onload = () => settle<T>(xhr, resolve, reject);
    xhr.send(body);
  });
}

function settle<T>(xhr: XMLHttpRequest, resolve: (value: T) => void, reject: (error: ApiError) => void): void {
  if (xhr.status >= 200 && xhr.status < 300) resolve(JSON.parse(xhr.responseText) as T);
  else reject(errorOf(xhr.status, xhr.responseText));
}
