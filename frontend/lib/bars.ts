/** The heights of the bars that stick to the window, for the style sheet: they change with menus, fonts and zoom. */
import { find } from "./dom";

const BARS = { "--rc-top-bar": ".site-bar", "--rc-bottom-bar": ".bulk-bar, .submit-bar" };

export function measureBars(): void {
  for (const [property, selector] of Object.entries(BARS)) {
    const bar = find(selector);
    if (!bar) continue;
    const publish = () => publishHeight(property, bar);
    new ResizeObserver(publish).observe(bar);
    document.addEventListener("change", publish); // a ticked box shows a bar: do not wait for the next frame
  }
}

/** Up to the bar's far edge: the lower one keeps some distance from the window's edge. A bar that does not stick has none. */
function publishHeight(property: string, bar: HTMLElement): void {
  const { position, bottom } = getComputedStyle(bar);
  const sticks = position === "sticky" && bar.offsetHeight > 0;
  const height = sticks ? bar.offsetHeight + (Number.parseFloat(bottom) || 0) : 0;
  document.documentElement.style.setProperty(property, `${height}px`);
}
