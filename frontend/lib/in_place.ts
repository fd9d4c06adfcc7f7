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
    void send(form, parts.split(","), event.submitter)
      .then(onNotices)
      .catch(() => submitAgain(form, event.submitter));
  });
}

/** The browser's own way, without this script. */
function submitAgain(form: HTMLFormElement, button: HTMLElement | null): void {
  form.ariaBusy = null;
  delete form.dataset["inPlace"];
  form.requestSubmit(button);
}

async function send(form: HTMLFormElement, selectors: string[], button: HTMLElement | null): Promise<void> {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const response = await fetch(form.action, { method: "POST", body: dataOf(form, button) }); // follows the redirect
  if (!response.ok) throw new Error(`${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const dialog = form.closest<HTMLElement>("[popover]")?.id;
  for (const selector of [...selectors, NOTICES]) need(selector).replaceWith(document.adoptNode(need(selector, page)));
  document.title = page.title;
  focusAgain(selectors, dialog ? `[popovertarget="${dialog}"]` : button?.id && `[id="${button.id}"]`);
}

/** What the form sends when this button is pressed. */
function dataOf(form: HTMLFormElement, button: HTMLElement | null): FormData {
  const data = new FormData(form);
  if (button instanceof HTMLButtonElement && button.name) data.append(button.name, button.value);
  return data;
}

/** The button that opened the dialog or was pressed, else the first control of what was replaced. */
function focusAgain(selectors: string[], origin: string | undefined): void {
  const again = origin ? find(origin) : null;
  (again ?? find("input, button, a[href]", need(selectors[0] ?? "main")))?.focus();
}
