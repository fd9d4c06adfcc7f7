// On every page: Bootstrap's menus, the theme menu, times in the visitor's own zone, sticky bars, and confirmation dialogs.
import "bootstrap/js/dist/collapse";
import "bootstrap/js/dist/dropdown";
import { wireArrowKeys } from "./lib/arrow_keys";
import { measureBars } from "./lib/bars";
import { wireCopyButtons } from "./lib/copy";
import { all, find, need, setText } from "./lib/dom";
import { formatDay, formatDuration } from "./lib/format";
import { wireInPlace } from "./lib/in_place";
import { registerServiceWorker, wireSignOut } from "./lib/install";
import { wirePasskeys } from "./lib/passkeys";
import { applyTheme, asTheme, storedTheme, storeTheme, type Theme } from "./lib/theme";
import { watchJobs } from "./lib/watch";

function wireThemeMenu(): void {
  for (const button of all<HTMLButtonElement>("[data-theme-value]")) {
    button.addEventListener("click", () => chooseTheme(asTheme(button.dataset["themeValue"])));
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => applyTheme(storedTheme()));
  markTheme(storedTheme());
}

function chooseTheme(theme: Theme): void {
  storeTheme(theme);
  applyTheme(theme);
  markTheme(theme);
}

function markTheme(theme: Theme): void {
  for (const button of all("[data-theme-value]")) {
    button.setAttribute("aria-pressed", String(button.dataset["themeValue"] === theme));
  }
}

function showLocalTimes(): void {
  const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of all<HTMLTimeElement>("time[data-local]")) {
    const at = new Date(time.dateTime);
    setText(time, time.dataset["local"] === "day" ? formatDay(at) : minute.format(at));
    time.title = minute.format(at);
  }
}

function showDurations(): void {
  for (const span of all("[data-seconds]")) setText(span, formatDuration(Number(span.dataset["seconds"])));
}

function showNumbers(): void {
  const format = new Intl.NumberFormat();
  for (const cell of all("[data-number]")) setText(cell, format.format(Number(cell.dataset["number"])));
}

/** A link with `data-confirm` leads to a confirmation page; with scripts a dialog replaces that page. */
function wireConfirmations(): void {
  const dialog = find<HTMLDialogElement>("#confirm-dialog");
  if (!dialog) return;
  for (const link of all<HTMLAnchorElement>("a[data-confirm]")) {
    link.addEventListener("click", (event) => openConfirmation(event, dialog, link));
  }
  need("[data-dialog-close]", dialog).addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

function openConfirmation(event: Event, dialog: HTMLDialogElement, link: HTMLAnchorElement): void {
  event.preventDefault();
  setText(need("[data-dialog-question]", dialog), link.dataset["confirm"] ?? "");
  setText(need("[data-dialog-act]", dialog), link.dataset["confirmAct"] ?? "Delete");
  need<HTMLFormElement>("form", dialog).action = link.href;
  dialog.showModal();
}

/** Milliseconds for which a notice that asks for nothing stays, unless it is pointed at or focused. */
const NOTICE_MS = 8000;

function wireNotices(): void {
  for (const notice of all("[data-notice]:not(.notice-error, .notice-warning, :has(form))")) {
    const close = setInterval(() => {
      if (notice.matches(":hover, :focus-within")) return;
      notice.remove();
      clearInterval(close);
    }, NOTICE_MS);
  }
  for (const button of all("[data-notice-close]")) {
    button.addEventListener("click", () => button.closest("[data-notice]")?.remove());
  }
}

/** After a rejected form the first invalid field gets the focus; if none is marked, the form's first field. */
function focusFirstError(): void {
  const rejected = find(".form-refused")?.closest("form");
  const field = find("[aria-invalid=true]") ?? (rejected && find("input:not([type=hidden])", rejected));
  field?.focus();
}

measureBars();
wireArrowKeys();
wireThemeMenu();
wireNotices();
showLocalTimes();
showDurations();
showNumbers();
wireConfirmations();
wireCopyButtons();
wireInPlace(wireNotices);
wirePasskeys();
focusFirstError();
registerServiceWorker();
wireSignOut();
watchJobs();
