/** How the picture lies on the editor's canvas, and what is drawn there. */
import { type Box, type Point, type Size, type Turn, turnedSize, whole } from "./edit";
import { drawCut, drawingOn, type Edit, newCanvas } from "./picture";

const FREE = 0.94; // of the canvas: a little room, so that the edge of the picture can be seen
const GHOST = 0.28;

export interface Look {
  /** The whole picture with the crop box on it, instead of what is inside the box. */
  cropping: boolean;
  /** Shows faintly what was removed. */
  ghost: boolean;
  /** Where the brush is, in the picture, and its radius there; null without one. */
  brush: { at: Point; radius: number; color: string } | null;
  line: string;
}

export class View {
  private readonly cut: HTMLCanvasElement;
  private matrix = new DOMMatrix();

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly photo: HTMLCanvasElement,
    private readonly size: Size,
  ) {
    this.cut = newCanvas(size);
  }

  /** Pixels of the screen for each of the picture. */
  get scale(): number {
    return Math.hypot(this.matrix.a, this.matrix.b) / this.ratio;
  }

  private get ratio(): number {
    return Math.min(window.devicePixelRatio, 2);
  }

  /** The picture's point under a pointer. */
  pointAt(event: { clientX: number; clientY: number }): Point {
    const { left, top } = this.canvas.getBoundingClientRect();
    const at = new DOMPoint((event.clientX - left) * this.ratio, (event.clientY - top) * this.ratio);
    const { x, y } = this.matrix.inverse().transformPoint(at);
    return [x, y];
  }

  draw(edit: Edit, look: Look): void {
    const context = this.fitted();
    const shown = look.cropping ? whole(this.size) : edit.crop;
    this.matrix = placed(shown, edit.turn, this.canvas);
    context.setTransform(this.matrix);
    context.save();
    clip(context, shown);
    if (look.ghost || look.cropping) {
      context.globalAlpha = GHOST;
      context.drawImage(this.photo, 0, 0, this.size.width, this.size.height);
      context.globalAlpha = 1;
    }
    drawCut(this.cut, this.photo, edit.mask);
    context.drawImage(this.cut, 0, 0);
    context.restore();
    if (look.cropping) this.drawCrop(context, edit.crop, look.line);
    if (look.brush) this.drawBrush(context, look.brush, look.line);
  }

  private fitted(): CanvasRenderingContext2D {
    const [width, height] = [this.canvas.clientWidth * this.ratio, this.canvas.clientHeight * this.ratio].map(
      Math.round,
    );
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width ?? 1;
      this.canvas.height = height ?? 1;
    }
    const context = drawingOn(this.canvas);
    context.resetTransform();
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    return context;
  }

  private drawCrop(context: CanvasRenderingContext2D, box: Box, line: string): void {
    const pixel = 1 / this.scale;
    const grip = 5 * pixel;
    context.strokeStyle = context.fillStyle = line;
    context.lineWidth = 2 * pixel;
    context.strokeRect(box.x, box.y, box.width, box.height);
    for (const x of [box.x, box.x + box.width / 2, box.x + box.width]) {
      for (const y of [box.y, box.y + box.height / 2, box.y + box.height]) {
        const middle = x === box.x + box.width / 2 && y === box.y + box.height / 2;
        if (!middle) context.fillRect(x - grip, y - grip, 2 * grip, 2 * grip);
      }
    }
  }

  private drawBrush(context: CanvasRenderingContext2D, brush: NonNullable<Look["brush"]>, line: string): void {
    const pixel = 1 / this.scale;
    context.beginPath();
    context.arc(...brush.at, brush.radius, 0, 2 * Math.PI);
    context.lineWidth = 3 * pixel;
    context.strokeStyle = line;
    context.stroke();
    context.lineWidth = 1.5 * pixel;
    context.strokeStyle = brush.color;
    context.stroke();
  }
}

function clip(context: CanvasRenderingContext2D, box: Box): void {
  context.beginPath();
  context.rect(box.x, box.y, box.width, box.height);
  context.clip();
}

/** From the picture to the canvas: the shown box turned, as large as it fits, in the middle. */
function placed(shown: Box, turn: Turn, canvas: Size): DOMMatrix {
  const size = turnedSize(shown, turn);
  const scale = FREE * Math.min(canvas.width / size.width, canvas.height / size.height);
  return new DOMMatrix()
    .translate(canvas.width / 2, canvas.height / 2)
    .scale(scale)
    .rotate(90 * turn)
    .translate(-(shown.x + shown.width / 2), -(shown.y + shown.height / 2));
}

/** Paints what is left of the photo after the edit, its longer side `side` pixels. */
export function paintEdit(
  canvas: HTMLCanvasElement,
  photo: HTMLCanvasElement,
  { mask, crop, turn }: Edit,
  side: number,
): void {
  const size = turnedSize(crop, turn);
  const scale = side / Math.max(size.width, size.height);
  canvas.width = Math.max(1, Math.round(size.width * scale));
  canvas.height = Math.max(1, Math.round(size.height * scale));
  const cut = newCanvas(mask);
  drawCut(cut, photo, mask);
  const context = drawingOn(canvas);
  context.translate(canvas.width / 2, canvas.height / 2);
  context.scale(scale, scale);
  context.rotate((turn * Math.PI) / 2);
  context.drawImage(
    cut,
    crop.x,
    crop.y,
    crop.width,
    crop.height,
    -crop.width / 2,
    -crop.height / 2,
    crop.width,
    crop.height,
  );
}
