/** Choosing the object in the picture of a photo: click, tap, or move a marker with the arrow keys. */
import type { Point } from "../cutout/edit";

const STEP = 0.02; // fraction of the picture per arrow key
const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

/** The point one arrow key further, inside the picture; null for another key. */
export function pointAfterKey([x, y]: Point, key: string): Point | null {
  const step = ARROWS[key];
  return step ? [clamp(x + step[0]), clamp(y + step[1])] : null;
}

export class Picker {
  private at: Point = [0.5, 0.5];
  private active = false;

  /** `marker` lies over `canvas`, in the same box. `onPick` gets fractions of the picture's width and height. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly marker: HTMLElement,
    private readonly onPick: (point: Point) => void,
  ) {
    canvas.addEventListener("click", (event) => this.onClick(event));
    canvas.addEventListener("keydown", (event) => this.onKey(event));
    canvas.addEventListener("focus", () => this.showMarker(canvas.matches(":focus-visible")));
    canvas.addEventListener("blur", () => this.showMarker(false));
  }

  /** Lets the visitor choose, or shows the picture only. */
  setActive(active: boolean): void {
    if (active === this.active) return;
    this.active = active;
    this.canvas.tabIndex = active ? 0 : -1;
    this.canvas.setAttribute("role", active ? "application" : "img");
    this.canvas.classList.toggle("is-picking", active);
    if (!active) this.showMarker(false);
    this.at = [0.5, 0.5];
  }

  private onClick(event: MouseEvent): void {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    if (this.active) this.onPick([clamp((event.clientX - left) / width), clamp((event.clientY - top) / height)]);
  }

  private onKey(event: KeyboardEvent): void {
    if (!this.active) return;
    const moved = pointAfterKey(this.at, event.key);
    if (!moved && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (moved) {
      this.at = moved;
      this.showMarker(true);
    } else this.onPick(this.at);
  }

  private showMarker(shown: boolean): void {
    this.marker.hidden = !(shown && this.active);
    this.marker.style.left = `${100 * this.at[0]}%`;
    this.marker.style.top = `${100 * this.at[1]}%`;
  }
}
