/** A grid under the model and a box around it, in millimetres of the printed model. */
import {
  BoxGeometry,
  CanvasTexture,
  EdgesGeometry,
  GridHelper,
  Group,
  LinearFilter,
  LineBasicMaterial,
  LineSegments,
  MathUtils,
  Sprite,
  SpriteMaterial,
  SRGBColorSpace,
  Vector3,
} from "three";
import { context2d } from "./canvas";

/** Extent in mm: x to the photo's right, y up, z towards the photo's camera. */
export type SizeMm = readonly [x: number, y: number, z: number];

export interface Ruler {
  object: Group;
  /** Side of one square of the grid in mm. */
  squareMm: number;
  showGrid: (on: boolean) => void;
  showSize: (on: boolean) => void;
  /** Keeps the labels readable: `height` of the canvas in pixels, vertical field of view in degrees. */
  fit: (height: number, fieldOfView: number) => void;
}

const LINE_COLOR = 0x7d8a87;
/** Height of a label on screen in pixels. */
const LABEL_HEIGHT = 26;

/** `size`: the model's extent in scene units, centred at the origin. */
export function createRuler(size: Vector3, sizeMm: SizeMm): Ruler {
  const unitsPerMm = size.y / sizeMm[1];
  const squareMm = gridSquare(Math.max(...sizeMm));
  const grid = createGrid(size, squareMm * unitsPerMm);
  const box = createBox(size);
  const labels = createLabels(size, sizeMm);
  const object = new Group().add(grid, box.add(...labels));
  grid.visible = box.visible = false;
  return {
    object,
    squareMm,
    showGrid: (on) => {
      grid.visible = on;
    },
    showSize: (on) => {
      box.visible = on;
    },
    fit: (height, fieldOfView) => {
      for (const label of labels) fitLabel(label, height, fieldOfView);
    },
  };
}

/** 1, 5, 10, 50, … mm, so that the longest side has about 10 to 50 squares. */
function gridSquare(longest: number): number {
  const decade = 10 ** Math.floor(Math.log10(longest / 10));
  return longest / decade > 50 ? decade * 5 : decade;
}

function createGrid(size: Vector3, square: number): GridHelper {
  const squares = 2 * Math.ceil((Math.max(size.x, size.z) * 0.9) / square);
  const grid = new GridHelper(squares * square, squares, LINE_COLOR, LINE_COLOR);
  const material = grid.material as LineBasicMaterial;
  material.transparent = true;
  material.opacity = 0.5;
  material.toneMapped = false;
  grid.position.y = -size.y / 2 - 0.002;
  return grid;
}

function createBox(size: Vector3): LineSegments {
  const edges = new EdgesGeometry(new BoxGeometry(...size.toArray()));
  return new LineSegments(edges, new LineBasicMaterial({ color: LINE_COLOR, toneMapped: false }));
}

function createLabels(size: Vector3, mm: SizeMm): Sprite[] {
  const { x, y, z } = size.clone().multiplyScalar(0.5);
  const anchors: [string, Vector3][] = [
    [`${rounded(mm[0])} mm`, new Vector3(0, -y, z)],
    [`${rounded(mm[1])} mm`, new Vector3(x, 0, z)],
    [`${rounded(mm[2])} mm`, new Vector3(x, -y, 0)],
  ];
  return anchors.map(([text, anchor]) => {
    const label = createLabel(text);
    label.position.copy(anchor);
    return label;
  });
}

function rounded(mm: number): string {
  return mm < 10 ? mm.toFixed(1) : mm.toFixed(0);
}

function createLabel(text: string): Sprite {
  const context = context2d(text.length * 26 + 36, 64);
  const { width, height } = context.canvas;
  context.fillStyle = "#141a19e0";
  context.beginPath();
  context.roundRect(0, 4, width, height - 8, 18);
  context.fill();
  context.fillStyle = "#ffffff";
  context.font = "600 38px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, width / 2, height / 2 + 2);
  const map = new CanvasTexture(context.canvas);
  map.colorSpace = SRGBColorSpace;
  map.minFilter = LinearFilter;
  map.generateMipmaps = false;
  const label = new Sprite(new SpriteMaterial({ map, depthTest: false, sizeAttenuation: false, toneMapped: false }));
  label.renderOrder = 2;
  label.userData["aspect"] = width / height;
  return label;
}

/** Without attenuation a sprite's scale is its size at distance 1. */
function fitLabel(label: Sprite, height: number, fieldOfView: number): void {
  const labelHeight = (LABEL_HEIGHT / height) * 2 * Math.tan(MathUtils.degToRad(fieldOfView / 2));
  label.scale.set(labelHeight * (label.userData["aspect"] as number), labelHeight, 1);
}
