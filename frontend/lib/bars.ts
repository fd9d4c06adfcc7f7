/** The heights of the bars that stick to the window, for the style sheet: they change with menus, fonts and zoom. */
import { find } from "./dom";

const BARS = { "--rc-top-bar": ".site-bar", "--rc-bottom-bar": ".bulk-bar" };

export function measureBars(): void {
  for (const [property, selector] of Object.entries(BARS)) {
    const bar = find(selector);
    if (bar) new ResizeObserver(() => publishHeight(property, bar)).observe(bar);
  }
}

/** Up to the bar's far edge: the lower one keeps some distance from the window's edge. */
function publishHeight(property: string, bar: HTMLElement): void {
  const distance = Number.parseFloat(getComputedStyle(bar).bottom) || 0;
  const height = bar.offsetHeight && bar.offsetHeight + distance;
  document.documentElement.style.setProperty(property, `${height}px`);
}
