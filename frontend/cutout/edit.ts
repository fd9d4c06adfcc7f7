/**
 * Crop, rotation and undo history of a cutout, as plain values; strokes are drawn on the mask's canvas.
 * Lengths are pixels of the automatic cutout, before any rotation.
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

/** Quarter turns clockwise. */
export type Turn = 0 | 1 | 2 | 3;

/** Shortest side of a crop box. */
export const MIN_BOX = 16;

export const fullBox = ({ width, height }: Size): Box => ({ x: 0, y: 0, width, height });

export function turnedRight(turn: Turn): Turn {
  return ((turn + 1) % 4) as Turn;
}

/** The box moved by (dx, dy) as far as the picture allows. */
export function movedBox(box: Box, [dx, dy]: Point, within: Size): Box {
  const x = clamp(box.x + dx, 0, within.width - box.width);
  const y = clamp(box.y + dy, 0, within.height - box.height);
  return { ...box, x, y };
}

/** The box between two corners, in any order, inside the picture and not smaller than MIN_BOX. */
export function boxBetween([ax, ay]: Point, [bx, by]: Point, within: Size): Box {
  const [left, right] = span(ax, bx, within.width);
  const [top, bottom] = span(ay, by, within.height);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function span(a: number, b: number, length: number): [number, number] {
  const low = clamp(Math.min(a, b), 0, length);
  const high = clamp(Math.max(a, b), 0, length);
  if (high - low >= MIN_BOX) return [low, high];
  const start = clamp(low, 0, Math.max(length - MIN_BOX, 0));
  return [start, Math.min(start + MIN_BOX, length)];
}

export interface Grip {
  /** Which edges move: -1 the left or top one, 1 the right or bottom one, 0 neither. Both 0: the whole box. */
  x: -1 | 0 | 1;
  y: -1 | 0 | 1;
}

/** The part of the box that a pointer grabs; null outside the box. */
export function gripAt(box: Box, [x, y]: Point, tolerance: number): Grip | null {
  const inX = x > box.x - tolerance && x < box.x + box.width + tolerance;
  const inY = y > box.y - tolerance && y < box.y + box.height + tolerance;
  if (!inX || !inY) return null;
  return { x: edge(x, box.x, box.x + box.width, tolerance), y: edge(y, box.y, box.y + box.height, tolerance) };
}

function edge(at: number, low: number, high: number, tolerance: number): -1 | 0 | 1 {
  const [toLow, toHigh] = [Math.abs(at - low), Math.abs(at - high)];
  if (Math.min(toLow, toHigh) > tolerance) return 0;
  return toLow < toHigh ? -1 : 1;
}

/** The box after its grip was dragged by (dx, dy). */
export function pulledBox(box: Box, grip: Grip, [dx, dy]: Point, within: Size): Box {
  if (grip.x === 0 && grip.y === 0) return movedBox(box, [dx, dy], within);
  const left = grip.x < 0 ? Math.min(box.x + dx, box.x + box.width - MIN_BOX) : box.x;
  const right = grip.x > 0 ? Math.max(box.x + box.width + dx, box.x + MIN_BOX) : box.x + box.width;
  const top = grip.y < 0 ? Math.min(box.y + dy, box.y + box.height - MIN_BOX) : box.y;
  const bottom = grip.y > 0 ? Math.max(box.y + box.height + dy, box.y + MIN_BOX) : box.y + box.height;
  return boxBetween([left, top], [right, bottom], within);
}

/** A step on screen as a step in the picture that is displayed rotated by `turn`. */
export function unrotated([dx, dy]: Point, turn: Turn): Point {
  const steps: Point[] = [
    [dx, dy],
    [dy, -dx],
    [-dx, -dy],
    [-dy, dx],
  ];
  return steps[turn] ?? [dx, dy];
}

/** Width and height of `box` after rotation. */
export function turnedSize(box: Size, turn: Turn): Size {
  return turn % 2 === 0 ? { width: box.width, height: box.height } : { width: box.height, height: box.width };
}

/** The smallest box around every pixel whose opacity (row by row) is at least `minOpacity`; null without any. */
export function boundsOf(opacity: ArrayLike<number>, size: Size, minOpacity: number): Box | null {
  let [left, top, right, bottom] = [size.width, size.height, -1, -1];
  for (let y = 0, at = 0; y < size.height; y += 1) {
    for (let x = 0; x < size.width; x += 1, at += 1) {
      if ((opacity[at] ?? 0) < minOpacity) continue;
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

/** Undo history of at most `limit` states; a new state after undo drops the redo states. */
export class History<State> {
  private readonly past: State[] = [];
  private readonly future: State[] = [];

  constructor(
    private current: State,
    private readonly limit = 25,
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
    if (this.past.length >= this.limit) this.past.shift();
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
