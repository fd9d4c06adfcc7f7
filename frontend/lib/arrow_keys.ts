/** Groups that are one stop of the Tab key: arrow keys, Home and End move inside (the roving tabindex of the WAI-ARIA guide). */
import { all } from "./dom";

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

export function wireArrowKeys(): void {
  for (const group of all("[data-arrow-keys]")) {
    const items = all("a[href], button", group);
    setStop(items, items[0]);
    group.addEventListener("focusin", (event) => setStop(items, event.target as HTMLElement));
    group.addEventListener("keydown", (event) => onKey(event, items));
  }
}

/** Makes `stop` the one item that the Tab key reaches. */
function setStop(items: HTMLElement[], stop: HTMLElement | undefined): void {
  if (!stop || !items.includes(stop)) return;
  for (const item of items) item.tabIndex = item === stop ? 0 : -1;
}

function onKey(event: KeyboardEvent, items: HTMLElement[]): void {
  if (!items.includes(event.target as HTMLElement)) return; // a slider has arrow keys of its own
  const shown = items.filter((item) => item.checkVisibility());
  const target = shown.at(next(event.key, shown.indexOf(event.target as HTMLElement), shown.length));
  if (!(event.key in STEPS || event.key === "Home" || event.key === "End") || !target) return;
  event.preventDefault();
  event.stopPropagation(); // arrow keys elsewhere in the viewer turn the model
  target.focus();
}

/** Index of the item that `key` leads to; after the last comes the first. */
export function next(key: string, from: number, count: number): number {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return (from + (STEPS[key] ?? 0) + count) % count;
}
