/** A grid under the model and a box around it, in millimetres of the printed model. */
import {
  BoxGeometry,
  EdgesGeometry,
  GridHelper,
  Group,
  LineBasicMaterial,
  LineSegments,
  type Sprite,
  Vector3,
} from "three";
import { createLabel, fitLabel, millimetres } from "./label";

/** Extent in mm: x to the photo's right, y up, z towards the photo's camera. */
export type SizeMm = readonly [x: number, y: number, z: number];

export interface Ruler {
  object: Group;
  /** Millimetres of one unit of the scene. */
  mmPerUnit: number;
  /** Side of one square of the grid in mm. */
  squareMm: number;
  showGrid: (on: boolean) => void;
  showSize: (on: boolean) => void;
  /** Keeps the labels readable: `height` of the canvas in pixels, vertical field of view in degrees. */
  fit: (height: number, fieldOfView: number) => void;
}

const LINE_COLOR = 0x7d8a87;

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
    mmPerUnit: 1 / unitsPerMm,
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
    [millimetres(mm[0]), new Vector3(0, -y, z)],
    [millimetres(mm[1]), new Vector3(x, 0, z)],
    [millimetres(mm[2]), new Vector3(x, -y, 0)],
  ];
  return anchors.map(([text, anchor]) => {
    const label = createLabel(text);
    label.position.copy(anchor);
    return label;
  });
}
