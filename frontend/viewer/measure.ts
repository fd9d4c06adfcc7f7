/** Measures from point to point: two clicks on the model draw a line with its length in millimetres. */
import {
  BufferGeometry,
  Group,
  Line,
  LineBasicMaterial,
  Mesh,
  MeshBasicMaterial,
  type Object3D,
  Raycaster,
  SphereGeometry,
  type Sprite,
  Vector2,
  type Vector3,
} from "three";
import { createLabel, fitLabel, millimetres } from "./label";
import { FIELD_OF_VIEW, type Stage } from "./stage";

const COLOR = 0xd1495b;
/** Radius of the mark at an end in units of the scene, whose model has radius 1. */
const MARK_RADIUS = 0.016;
/** A press that moves farther than this many pixels turns the model. */
const MAX_CLICK_MOVE = 5;

export interface Measure {
  object: Group;
  enable: (on: boolean) => void;
}

/** `onText` gets what to do next or the length in words; an empty text when measuring ends. */
export function createMeasure(
  stage: Stage,
  canvas: HTMLCanvasElement,
  model: Object3D,
  mmPerUnit: number,
  onText: (text: string) => void,
): Measure {
  const object = new Group();
  let points: Vector3[] = [];
  let enabled = false;
  let pressedAt = new Vector2();

  function clear(): void {
    points = [];
    object.clear();
    stage.invalidate();
  }

  function add(point: Vector3): void {
    if (points.length === 2) clear();
    points.push(point);
    object.add(markAt(point));
    if (points.length === 2) showLength(points as [Vector3, Vector3]);
    else onText("Choose the second point");
    stage.invalidate();
  }

  function showLength([from, to]: [Vector3, Vector3]): void {
    const text = millimetres(from.distanceTo(to) * mmPerUnit);
    const label: Sprite = createLabel(text);
    label.position.lerpVectors(from, to, 0.5);
    fitLabel(label, canvas.clientHeight, FIELD_OF_VIEW);
    object.add(lineBetween(from, to), label);
    onText(text);
  }

  canvas.addEventListener("pointerdown", ({ clientX, clientY }) => {
    pressedAt = new Vector2(clientX, clientY);
  });
  canvas.addEventListener("click", (event) => {
    if (!enabled || pressedAt.distanceTo(new Vector2(event.clientX, event.clientY)) > MAX_CLICK_MOVE) return;
    const point = hitPoint(stage, canvas, model, event);
    if (point) add(point);
  });
  return {
    object,
    enable: (on) => {
      enabled = on;
      canvas.style.cursor = on ? "crosshair" : "";
      clear();
      onText(on ? "Choose two points on the model" : "");
    },
  };
}

/** Where the ray through the pointer first meets what is shown of the model. */
function hitPoint(stage: Stage, canvas: HTMLCanvasElement, model: Object3D, event: MouseEvent): Vector3 | null {
  const box = canvas.getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * 2 - 1;
  const y = 1 - ((event.clientY - box.top) / box.height) * 2;
  const raycaster = new Raycaster();
  raycaster.setFromCamera(new Vector2(x, y), stage.camera);
  const hits = raycaster.intersectObject(model);
  return hits.find(({ point }) => !stage.isCutAway(point))?.point ?? null;
}

function markAt(point: Vector3): Mesh {
  const mark = new Mesh(new SphereGeometry(MARK_RADIUS, 16, 12), overModel(new MeshBasicMaterial({ color: COLOR })));
  mark.position.copy(point);
  mark.renderOrder = 2;
  return mark;
}

function lineBetween(from: Vector3, to: Vector3): Line {
  const line = new Line(
    new BufferGeometry().setFromPoints([from, to]),
    overModel(new LineBasicMaterial({ color: COLOR })),
  );
  line.renderOrder = 2;
  return line;
}

/** Drawn over the model, in its own colour. */
function overModel<T extends MeshBasicMaterial | LineBasicMaterial>(material: T): T {
  material.depthTest = false;
  material.toneMapped = false;
  return material;
}
