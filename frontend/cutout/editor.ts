/** The cutout editor: a brush that adds or erases, a crop box, quarter turns, undo and redo. */
import { all, find, need, setText } from "../lib/dom";
import { type Box, type Grip, gripAt, History, type Point, pulledBox, type Size, turnedRight, unrotated } from "./edit";
import { cloneCanvas, contextOf, type Edit } from "./picture";
import { View } from "./view";

export type Tool = "add" | "erase" | "crop";

const GRAB_DISTANCE = 14; // screen pixels within which a pointer grabs an edge of the crop box
const KEY_STEP = 6; // screen pixels per arrow key
const FEATHER = 1.5; // pixels over which the edge of a stroke fades

/** `dialog` is templates/jobs/_editor.html; only one is open at a time. */
export class Editor {
  private readonly canvas: HTMLCanvasElement;
  private readonly slider: HTMLInputElement;
  private view!: View;
  private automatic!: Edit;
  private history!: History<Edit>;
  private edit!: Edit;
  private tool: Tool = "add";
  private brushAt: Point | null = null;
  private gesture: { last: Point; grip: Grip | null } | null = null;
  private painting = false;
  private drawRequested = false;
  private settle: ((edit: Edit | null) => void) | null = null;

  constructor(private readonly dialog: HTMLDialogElement) {
    this.canvas = need("canvas", dialog);
    this.slider = need("[data-brush-size]", dialog);
    this.wireButtons();
    this.wirePointer();
    this.dialog.addEventListener("keydown", (event) => this.onKey(event));
    this.dialog.addEventListener("keyup", (event) => event.key === " " && this.endStroke());
    this.dialog.addEventListener("close", () => this.end(null));
    new ResizeObserver(() => this.redraw()).observe(this.canvas);
  }

  /** Edits `start`, an edit of `automatic`. Resolves with the new edit, null if closed without “Done”. */
  open(photo: HTMLCanvasElement, automatic: Edit, start: Edit): Promise<Edit | null> {
    this.automatic = automatic;
    this.view = new View(this.canvas, photo, this.size(automatic));
    this.history = new History(automatic);
    if (start !== automatic) this.history.push(start);
    this.show(this.history.now);
    this.brushAt = null;
    this.selectTool("add");
    this.dialog.showModal();
    this.canvas.focus();
    this.redraw();
    return new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  private size({ mask }: Edit): Size {
    return { width: mask.width, height: mask.height };
  }

  private end(edit: Edit | null): void {
    this.settle?.(edit);
    this.settle = null;
    if (this.dialog.open) this.dialog.close();
  }

  /** Makes a state of the history the current one; its mask is copied before the first stroke. */
  private show(state: Edit): void {
    this.edit = { ...state };
    need<HTMLButtonElement>("[data-undo]", this.dialog).disabled = !this.history.canUndo;
    need<HTMLButtonElement>("[data-redo]", this.dialog).disabled = !this.history.canRedo;
    this.redraw();
  }

  private commit(change: Partial<Edit>): void {
    this.history.push({ ...this.edit, ...change });
    this.show(this.history.now);
  }

  private selectTool(tool: Tool): void {
    this.tool = tool;
    for (const button of all("[data-tool]", this.dialog)) {
      button.setAttribute("aria-pressed", String(button.dataset["tool"] === tool));
    }
    this.canvas.dataset["tool"] = tool;
    need("[data-brush]", this.dialog).hidden = tool === "crop";
    setText(find("[data-editor-hint]", this.dialog), this.dialog.dataset[`hint${tool}`] ?? "");
    this.redraw();
  }

  private redraw(): void {
    if (this.drawRequested || !this.settle) return;
    this.drawRequested = true;
    requestAnimationFrame(() => {
      this.drawRequested = false;
      this.draw();
    });
  }

  private draw(): void {
    const style = getComputedStyle(this.dialog);
    const color = style.getPropertyValue(this.tool === "erase" ? "--rc-danger" : "--rc-accent");
    const brush = this.brushAt && this.tool !== "crop" ? { at: this.brushAt, radius: this.radius(), color } : null;
    const lineColor =
      this.tool === "crop" ? style.getPropertyValue("--rc-accent") : style.getPropertyValue("--rc-surface");
    this.view.draw(this.edit, { cropping: this.tool === "crop", ghost: this.tool === "add", brush, lineColor });
  }

  /** Radius of the brush in picture pixels; on screen it is the slider's size at any zoom. */
  private radius(): number {
    return Number(this.slider.value) / 2 / this.view.scale;
  }

  private stroke(from: Point, to: Point): void {
    const context = contextOf(this.edit.mask);
    context.globalCompositeOperation = this.tool === "erase" ? "destination-out" : "source-over";
    context.lineCap = "round";
    context.lineWidth = Math.max(1, 2 * this.radius() - FEATHER);
    context.shadowBlur = FEATHER;
    context.shadowColor = context.strokeStyle = "#000";
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(to[0] + 0.01, to[1]);
    context.stroke();
    this.redraw();
  }

  private startStroke(at: Point): void {
    if (this.painting) return;
    this.painting = true;
    this.edit.mask = cloneCanvas(this.edit.mask);
    this.stroke(at, at);
  }

  private endStroke(): void {
    if (!this.painting) return;
    this.painting = false;
    this.commit({});
  }

  private wirePointer(): void {
    this.canvas.addEventListener("pointerdown", (event) => this.onPointerDown(event));
    this.canvas.addEventListener("pointermove", (event) => this.onPointerMove(event));
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => this.onPointerUp());
    this.canvas.addEventListener("pointerleave", () => {
      if (!this.gesture) this.brushAt = null;
      this.redraw();
    });
  }

  private onPointerDown(event: PointerEvent): void {
    if (event.button !== 0 || this.gesture) return;
    this.canvas.setPointerCapture(event.pointerId);
    const last = this.view.pointAt(event);
    this.brushAt = last;
    const grip = this.tool === "crop" ? gripAt(this.edit.crop, last, GRAB_DISTANCE / this.view.scale) : null;
    this.gesture = { last, grip };
    if (this.tool !== "crop") this.startStroke(last);
  }

  private onPointerMove(event: PointerEvent): void {
    for (const sample of event.getCoalescedEvents?.() ?? [event]) this.moveTo(this.view.pointAt(sample));
    this.redraw();
  }

  private moveTo(at: Point): void {
    this.brushAt = at;
    if (!this.gesture) return;
    const { last, grip } = this.gesture;
    this.gesture.last = at;
    if (this.painting) this.stroke(last, at);
    else if (grip) this.pull(grip, [at[0] - last[0], at[1] - last[1]]);
  }

  private pull(grip: Grip, step: Point): void {
    this.edit.crop = pulledBox(this.edit.crop, grip, step, this.edit.mask);
  }

  private onPointerUp(): void {
    const cropped = this.gesture?.grip && !sameBox(this.edit.crop, this.history.now.crop);
    this.gesture = null;
    this.endStroke();
    if (cropped) this.commit({});
  }

  private wireButtons(): void {
    for (const button of all("[data-tool]", this.dialog)) {
      button.addEventListener("click", () => this.selectTool(button.dataset["tool"] as Tool));
    }
    const actions: Record<string, () => void> = {
      undo: () => this.show(this.history.undo()),
      redo: () => this.show(this.history.redo()),
      turn: () => this.commit({ turn: turnedRight(this.edit.turn) }),
      reset: () => this.reset(),
      done: () => this.end(this.history.now),
      cancel: () => this.end(null),
    };
    for (const [name, action] of Object.entries(actions))
      need(`[data-${name}]`, this.dialog).addEventListener("click", action);
    this.slider.addEventListener("input", () => this.redraw());
  }

  /** Back to the automatic cutout; this can be undone too. */
  private reset(): void {
    this.commit(this.automatic);
  }

  private onKey(event: KeyboardEvent): void {
    const control = event.ctrlKey || event.metaKey;
    if (control && event.key.toLowerCase() === "z") {
      event.preventDefault();
      this.show(event.shiftKey ? this.history.redo() : this.history.undo());
    } else if (!control && event.target === this.canvas && this.onCanvasKey(event)) {
      event.preventDefault();
    }
  }

  /** Handles a key on the focused canvas; returns whether it did. */
  private onCanvasKey(event: KeyboardEvent): boolean {
    const arrows: Record<string, Point> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const arrow = arrows[event.key];
    if (arrow) return this.onArrow(unrotated(arrow, this.edit.turn), event.shiftKey);
    const sizes: Record<string, number> = { "[": -6, "]": 6 };
    const tools: Record<string, Tool> = { a: "add", e: "erase", c: "crop" };
    if (event.key === " " && this.tool !== "crop") this.startStroke(this.brushPoint());
    else if (sizes[event.key]) this.slider.value = String(Number(this.slider.value) + (sizes[event.key] ?? 0));
    else if (tools[event.key]) this.selectTool(tools[event.key] ?? "add");
    else return false;
    this.redraw();
    return true;
  }

  private onArrow([dx, dy]: Point, shift: boolean): true {
    const step: Point = [(dx * KEY_STEP) / this.view.scale, (dy * KEY_STEP) / this.view.scale];
    if (this.tool === "crop") {
      this.pull(shift ? { x: 1, y: 1 } : { x: 0, y: 0 }, step);
      this.commit({});
      return true;
    }
    const from = this.brushPoint();
    this.brushAt = [from[0] + step[0], from[1] + step[1]];
    if (this.painting) this.stroke(from, this.brushAt);
    this.redraw();
    return true;
  }

  /** The brush's position, initially the centre of the crop. */
  private brushPoint(): Point {
    const { x, y, width, height } = this.edit.crop;
    this.brushAt ??= [x + width / 2, y + height / 2];
    return this.brushAt;
  }
}

function sameBox(a: Box, b: Box): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}
