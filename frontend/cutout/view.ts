/** Placement of the picture on the editor's canvas, and its drawing. */
import { type Box, fullBox, type Point, type Size, type Turn, turnedSize } from "./edit";
import { contextOf, drawCutout, type Edit, newCanvas } from "./picture";

const FIT = 0.94; // fraction of the canvas, so the picture's edge stays visible
const GHOST_OPACITY = 0.28;

export interface DrawOptions {
  /** Draws the whole picture with the crop box, not only the inside of the box. */
  cropping: boolean;
  /** Draws removed areas faintly. */
  ghost: boolean;
  /** The brush's position and radius in picture coordinates; null without a brush. */
  brush: { at: Point; radius: number; color: string } | null;
  lineColor: string;
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

  /** Screen pixels per picture pixel. */
  get scale(): number {
    return Math.hypot(this.matrix.a, this.matrix.b) / this.ratio;
  }

  private get ratio(): number {
    return Math.min(window.devicePixelRatio, 2);
  }

  /** The picture coordinates under a pointer. */
  pointAt(event: { clientX: number; clientY: number }): Point {
    const { left, top } = this.canvas.getBoundingClientRect();
    const at = new DOMPoint((event.clientX - left) * this.ratio, (event.clientY - top) * this.ratio);
    const { x, y } = this.matrix.inverse().transformPoint(at);
    return [x, y];
  }

  draw(edit: Edit, options: DrawOptions): void {
    const context = this.fitted();
    const shown = options.cropping ? fullBox(this.size) : edit.crop;
    this.matrix = placement(shown, edit.turn, this.canvas);
    context.setTransform(this.matrix);
    context.save();
    clip(context, shown);
    if (options.ghost || options.cropping) {
      context.globalAlpha = GHOST_OPACITY;
      context.drawImage(this.photo, 0, 0, this.size.width, this.size.height);
      context.globalAlpha = 1;
    }
    drawCutout(this.cut, this.photo, edit.mask);
    context.drawImage(this.cut, 0, 0);
    context.restore();
    if (options.cropping) this.drawCrop(context, edit.crop, options.lineColor);
    if (options.brush) this.drawBrush(context, options.brush, options.lineColor);
  }

  private fitted(): CanvasRenderingContext2D {
    const [width, height] = [this.canvas.clientWidth * this.ratio, this.canvas.clientHeight * this.ratio].map(
      Math.round,
    );
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width ?? 1;
      this.canvas.height = height ?? 1;
    }
    const context = contextOf(this.canvas);
    context.resetTransform();
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    return context;
  }

  private drawCrop(context: CanvasRenderingContext2D, box: Box, lineColor: string): void {
    const pixel = 1 / this.scale;
    const grip = 5 * pixel;
    context.strokeStyle = context.fillStyle = lineColor;
    context.lineWidth = 2 * pixel;
    context.strokeRect(box.x, box.y, box.width, box.height);
    for (const x of [box.x, box.x + box.width / 2, box.x + box.width]) {
      for (const y of [box.y, box.y + box.height / 2, box.y + box.height]) {
        const isCentre = x === box.x + box.width / 2 && y === box.y + box.height / 2;
        if (!isCentre) context.fillRect(x - grip, y - grip, 2 * grip, 2 * grip);
      }
    }
  }

  private drawBrush(
    context: CanvasRenderingContext2D,
    brush: NonNullable<DrawOptions["brush"]>,
    lineColor: string,
  ): void {
    const pixel = 1 / this.scale;
    context.beginPath();
    context.arc(...brush.at, brush.radius, 0, 2 * Math.PI);
    context.lineWidth = 3 * pixel;
    context.strokeStyle = lineColor;
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

/** Transforms picture to canvas coordinates: the shown box rotated, fitted and centred. */
function placement(shown: Box, turn: Turn, canvas: Size): DOMMatrix {
  const size = turnedSize(shown, turn);
  const scale = FIT * Math.min(canvas.width / size.width, canvas.height / size.height);
  return new DOMMatrix()
    .translate(canvas.width / 2, canvas.height / 2)
    .scale(scale)
    .rotate(90 * turn)
    .translate(-(shown.x + shown.width / 2), -(shown.y + shown.height / 2));
}

/** Draws the edited cutout, its longer side `side` pixels, over the photo with the opacity `ghost`. */
export function paintEdit(
  canvas: HTMLCanvasElement,
  photo: HTMLCanvasElement,
  { mask, crop, turn }: Edit,
  side: number,
  ghost = 0,
): void {
  const size = turnedSize(crop, turn);
  const scale = side / Math.max(size.width, size.height);
  canvas.width = Math.max(1, Math.round(size.width * scale));
  canvas.height = Math.max(1, Math.round(size.height * scale));
  const cut = newCanvas(mask);
  drawCutout(cut, photo, mask);
  const context = contextOf(canvas);
  context.translate(canvas.width / 2, canvas.height / 2);
  context.scale(scale, scale);
  context.rotate((turn * Math.PI) / 2);
  const target = [-crop.width / 2, -crop.height / 2, crop.width, crop.height] as const;
  if (ghost > 0) {
    const fine = photo.width / mask.width;
    context.globalAlpha = ghost;
    context.drawImage(photo, crop.x * fine, crop.y * fine, crop.width * fine, crop.height * fine, ...target);
    context.globalAlpha = 1;
  }
  context.drawImage(cut, crop.x, crop.y, crop.width, crop.height, ...target);
}
