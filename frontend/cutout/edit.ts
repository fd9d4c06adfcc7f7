/**
 * What is done to a cutout, as plain values: the mask's strokes stand on a canvas of their own, here are crop, turn
 * and the way back. Lengths are pixels of the picture as the server cut it, before any turn.
 */

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Size {
  width: number;
  height: number;
}

export type Point = readonly [number, number];

/** Quarter turns to the right. */
export type Turn = 0 | 1 | 2 | 3;

export const LEAST_BOX = 16;

export const whole = ({ width, height }: Size): Box => ({ x: 0, y: 0, width, height });

export function turnedRight(turn: Turn): Turn {
  return ((turn + 1) % 4) as Turn;
}

/** The box moved by (dx, dy) as far as the picture allows. */
export function movedBox(box: Box, [dx, dy]: Point, within: Size): Box {
  const x = clamp(box.x + dx, 0, within.width - box.width);
  const y = clamp(box.y + dy, 0, within.height - box.height);
  return { ...box, x, y };
}

/** The box between two corners, in any order, inside the picture and not smaller than LEAST_BOX. */
export function boxBetween([ax, ay]: Point, [bx, by]: Point, within: Size): Box {
  const [left, right] = span(ax, bx, within.width);
  const [top, bottom] = span(ay, by, within.height);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function span(a: number, b: number, length: number): [number, number] {
  const low = clamp(Math.min(a, b), 0, length);
  const high = clamp(Math.max(a, b), 0, length);
  if (high - low >= LEAST_BOX) return [low, high];
  const start = clamp(low, 0, Math.max(length - LEAST_BOX, 0));
  return [start, Math.min(start + LEAST_BOX, length)];
}

export interface Grip {
  /** Which edges move: -1 the left or top one, 1 the right or bottom one, 0 neither. Both 0: the box as a whole. */
  x: -1 | 0 | 1;
  y: -1 | 0 | 1;
}

/** What of the box a pointer takes hold of; null outside of it. */
export function gripAt(box: Box, [x, y]: Point, reach: number): Grip | null {
  const inX = x > box.x - reach && x < box.x + box.width + reach;
  const inY = y > box.y - reach && y < box.y + box.height + reach;
  if (!inX || !inY) return null;
  return { x: edge(x, box.x, box.x + box.width, reach), y: edge(y, box.y, box.y + box.height, reach) };
}

function edge(at: number, low: number, high: number, reach: number): -1 | 0 | 1 {
  const [toLow, toHigh] = [Math.abs(at - low), Math.abs(at - high)];
  if (Math.min(toLow, toHigh) > reach) return 0;
  return toLow < toHigh ? -1 : 1;
}

/** The box after its grip was pulled by (dx, dy). */
export function pulledBox(box: Box, grip: Grip, [dx, dy]: Point, within: Size): Box {
  if (grip.x === 0 && grip.y === 0) return movedBox(box, [dx, dy], within);
  const left = grip.x < 0 ? Math.min(box.x + dx, box.x + box.width - LEAST_BOX) : box.x;
  const right = grip.x > 0 ? Math.max(box.x + box.width + dx, box.x + LEAST_BOX) : box.x + box.width;
  const top = grip.y < 0 ? Math.min(box.y + dy, box.y + box.height - LEAST_BOX) : box.y;
  const bottom = grip.y > 0 ? Math.max(box.y + box.height + dy, box.y + LEAST_BOX) : box.y + box.height;
  return boxBetween([left, top], [right, bottom], within);
}

/** A step on the screen as a step in the picture that is turned by `turn`. */
export function unturned([dx, dy]: Point, turn: Turn): Point {
  const steps: Point[] = [
    [dx, dy],
    [dy, -dx],
    [-dx, -dy],
    [-dy, dx],
  ];
  return steps[turn] ?? [dx, dy];
}

/** Width and height of `box` once it is turned. */
export function turnedSize(box: Size, turn: Turn): Size {
  return turn % 2 === 0 ? { width: box.width, height: box.height } : { width: box.height, height: box.width };
}

/** The smallest box around every pixel whose opacity (row by row) is at least `least`; null without any. */
export function boundsOf(opacity: ArrayLike<number>, size: Size, least: number): Box | null {
  let [left, top, right, bottom] = [size.width, size.height, -1, -1];
  for (let y = 0, at = 0; y < size.height; y += 1) {
    for (let x = 0; x < size.width; x += 1, at += 1) {
      if ((opacity[at] ?? 0) < least) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}

/** States in the order in which they came; going back and then doing something new forgets what was ahead. */
export class History<State> {
  private readonly past: State[] = [];
  private readonly future: State[] = [];

  constructor(
    private current: State,
    private readonly most = 25,
  ) {}

  get now(): State {
    return this.current;
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  push(state: State): void {
    this.past.push(this.current);
    if (this.past.length >= this.most) this.past.shift();
    this.future.length = 0;
    this.current = state;
  }

  undo(): State {
    return this.step(this.past, this.future);
  }

  redo(): State {
    return this.step(this.future, this.past);
  }

  private step(from: State[], to: State[]): State {
    const next = from.pop();
    if (next === undefined) return this.current;
    to.push(this.current);
    this.current = next;
    return next;
  }
}
