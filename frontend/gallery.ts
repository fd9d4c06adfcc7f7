// The gallery: a card's poster turns while the pointer is over it or the keyboard is on it.
import { all, need, reducedMotion } from "./lib/dom";

const STEP_MS = 120;
const EVERY = 3; // of 30 frames: enough to see it turn, a tenth of a second each

function frameUrls(card: HTMLElement): string[] {
  const count = Number(card.dataset["frames"] ?? 0);
  const first = card.dataset["firstFrame"] ?? "";
  const indexes = Array.from({ length: Math.ceil(count / EVERY) }, (_, index) => index * EVERY);
  return indexes.map((index) => first.replace("render_000", `render_${String(index).padStart(3, "0")}`));
}

async function loaded(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

class TurningCard {
  private frames: Promise<HTMLImageElement[]> | null = null;
  private timer: number | undefined;
  private over = false;

  constructor(
    private readonly card: HTMLElement,
    private readonly picture: HTMLImageElement,
    private readonly poster: string,
  ) {
    for (const start of ["pointerenter", "focusin"]) card.addEventListener(start, () => void this.start());
    for (const stop of ["pointerleave", "focusout"]) card.addEventListener(stop, () => this.stop());
  }

  private async start(): Promise<void> {
    if (this.over) return;
    this.over = true;
    this.frames ??= Promise.all(frameUrls(this.card).map(loaded));
    const frames = await this.frames.catch(() => []);
    if (this.over && frames.length > 0) this.turn(frames);
  }

  private turn(frames: HTMLImageElement[]): void {
    let index = 0;
    clearInterval(this.timer);
    this.timer = window.setInterval(() => {
      this.picture.src = frames[index % frames.length]?.src ?? this.poster;
      index += 1;
    }, STEP_MS);
  }

  private stop(): void {
    this.over = false;
    clearInterval(this.timer);
    this.picture.src = this.poster;
  }
}

if (!reducedMotion()) {
  for (const card of all("[data-first-frame]")) {
    const picture = need<HTMLImageElement>("img", card);
    new TurningCard(card, picture, picture.src);
  }
}
