/** Forms with `data-in-place="selectors"` change only these parts of the page. Without scripts they reload it. */
import { find, need } from "./dom";

/** Where the page shows what was done; a live region for screen readers. */
const NOTICES = "[data-notices]";

/** `onNotices` is called when new notices are on the page. */
export function wireInPlace(onNotices: () => void): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const parts = form.dataset["inPlace"];
    if (!parts || event.defaultPrevented) return;
    event.preventDefault();
    void send(form, parts.split(","))
      .then(onNotices)
      .catch(() => form.submit());
  });
}

async function send(form: HTMLFormElement, selectors: string[]): Promise<void> {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const response = await fetch(form.action, { method: "POST", body: new FormData(form) }); // follows the redirect
  if (!response.ok) throw new Error(`${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const returnTo = form.closest<HTMLElement>("[popover]")?.id;
  for (const selector of [...selectors, NOTICES]) need(selector).replaceWith(document.adoptNode(need(selector, page)));
  document.title = page.title;
  focusAgain(selectors, returnTo);
}

/** The button that opened the dialog, else the first control of what was replaced. */
function focusAgain(selectors: string[], dialog: string | undefined): void {
  const opener = dialog ? find(`[popovertarget="${dialog}"]`) : null;
  (opener ?? find("input, button, a[href]", need(selectors[0] ?? "main")))?.focus();
}
