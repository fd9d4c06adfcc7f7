/** Groups that are one stop of the Tab key: arrow keys, Home and End move inside (the roving tabindex of the WAI-ARIA guide). */
import { all } from "./dom";

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

export function wireArrowKeys(): void {
  const groups = all("[data-arrow-keys]").map((group) => ({ group, items: all("a[href], button", group) }));
  for (const { group, items } of groups) {
    setStop(items, items[0]);
    group.addEventListener("focusin", (event) => setStop(items, event.target as HTMLElement));
    group.addEventListener("keydown", (event) => onKey(event, items));
  }
  const ensureStops = ({ key }: KeyboardEvent): void => {
    if (key === "Tab") for (const { items } of groups) ensureStop(items);
  };
  document.addEventListener("keydown", ensureStops, { capture: true });
}

/** Another width of the window and a closed menu hide items: the Tab key must find one that can be seen. */
function ensureStop(items: HTMLElement[]): void {
  const isShown = (item: HTMLElement): boolean => item.checkVisibility({ visibilityProperty: true });
  if (!items.some((item) => item.tabIndex === 0 && isShown(item))) setStop(items, items.find(isShown));
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
