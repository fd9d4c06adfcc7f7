/** Draws a mesh with the painter's algorithm: shaded in the left half, as a wireframe in the right. */
import type { Face, Point } from "./mug";

interface ProjectedFace {
  face: Face;
  outline: [number, number][];
  depth: number;
  light: number;
}

/** Radians by which the camera looks down. */
const TILT = 0.42;
/** Distance of the camera, in the mug's units. */
const DISTANCE = 5;
/** Direction towards the light. */
const LIGHT: Point = [-0.5, 0.75, 0.6];

function rotate([x, y, z]: Point, angle: number): Point {
  const tx = x * Math.cos(angle) + z * Math.sin(angle);
  const tz = -x * Math.sin(angle) + z * Math.cos(angle);
  return [tx, y * Math.cos(TILT) - tz * Math.sin(TILT), y * Math.sin(TILT) + tz * Math.cos(TILT)];
}

function normal([a, b, c, d]: Face["corners"]): Point {
  const [u, v] = [minus(c, a), minus(d, b)];
  const n: Point = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
  const length = Math.hypot(...n) || 1;
  return [n[0] / length, n[1] / length, n[2] / length];
}

const minus = (a: Point, b: Point): Point => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Point, b: Point): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** The face projected into the image, null if it faces away. */
function project(face: Face, angle: number, size: number): ProjectedFace | null {
  const [a, b, c, d] = face.corners;
  const corners: Face["corners"] = [rotate(a, angle), rotate(b, angle), rotate(c, angle), rotate(d, angle)];
  const n = normal(corners);
  const middle = corners.reduce<Point>(
    (sum, corner) => [sum[0] + corner[0] / 4, sum[1] + corner[1] / 4, sum[2] + corner[2] / 4],
    [0, 0, 0],
  );
  if (dot(n, minus([0, 0, DISTANCE], middle)) <= 0) return null;
  const outline = corners.map(([x, y, z]): [number, number] => {
    const scale = (size * DISTANCE) / (DISTANCE - z);
    return [x * scale, -y * scale];
  });
  return { face, outline, depth: middle[2], light: Math.max(0, dot(n, LIGHT)) };
}

function trace(context: CanvasRenderingContext2D, outline: [number, number][]): void {
  context.beginPath();
  for (const [x, y] of outline) context.lineTo(x, y);
  context.closePath();
}

/** Fits the drawing buffer to the element; returns its size in CSS pixels. */
function fit(canvas: HTMLCanvasElement, context: CanvasRenderingContext2D): [number, number] {
  const ratio = Math.min(window.devicePixelRatio, 2);
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, (ratio * width) / 2, (ratio * height) / 2);
  return [width, height];
}

function drawShaded(context: CanvasRenderingContext2D, faces: ProjectedFace[], half: Path2D): void {
  context.save();
  context.clip(half);
  for (const { face, outline, light } of faces) {
    const [hue, saturation, base] = face.part === "glaze" ? [162, 52, 30] : [34, 28, 66];
    context.fillStyle = context.strokeStyle = `hsl(${hue} ${saturation}% ${base + 24 * light}%)`;
    trace(context, outline);
    context.fill();
    context.stroke(); // closes hairline gaps between neighbours
  }
  context.restore();
}

function drawWireframe(
  context: CanvasRenderingContext2D,
  faces: ProjectedFace[],
  half: Path2D,
  style: CSSStyleDeclaration,
): void {
  context.save();
  context.clip(half);
  context.fillStyle = style.getPropertyValue("--rc-stage");
  context.strokeStyle = style.getPropertyValue("--rc-accent");
  for (const { outline } of faces) {
    trace(context, outline);
    context.fill(); // hides the lines behind
    context.stroke();
  }
  context.restore();
}

export function drawSplit(context: CanvasRenderingContext2D, mesh: Face[], angle: number): void {
  const [width, height] = fit(context.canvas, context);
  const size = 0.34 * Math.min(width, height);
  const faces = mesh.map((face) => project(face, angle, size)).filter((face) => face !== null);
  faces.sort((a, b) => a.depth - b.depth);
  const [left, right] = [new Path2D(), new Path2D()];
  left.rect(-width / 2, -height / 2, width / 2, height);
  right.rect(0, -height / 2, width / 2, height);
  context.clearRect(-width / 2, -height / 2, width, height);
  context.lineWidth = 0.8;
  context.lineJoin = "round";
  drawShaded(context, faces, left);
  drawWireframe(context, faces, right, getComputedStyle(context.canvas));
}
