/** A mug of quads: a surface of revolution and a bent tube as its handle. y is up, one unit is about half its height. */

export type Point = readonly [number, number, number];

export interface Face {
  corners: readonly [Point, Point, Point, Point];
  part: "body" | "glaze" | "handle";
}

const SEGMENTS = 28;
/** Radius and height along the profile: from the centre of the base up the outside, over the lip, down the inside. */
const PROFILE = [
  [0.0, -1.0],
  [0.6, -1.0],
  [0.7, -0.9],
  [0.74, -0.6],
  [0.75, -0.2],
  [0.75, 0.2],
  [0.74, 0.6],
  [0.74, 0.9],
  [0.7, 0.96],
  [0.65, 0.9],
  [0.65, 0.4],
  [0.65, -0.2],
  [0.62, -0.8],
  [0.0, -0.86],
] as const;
/** Height above which the outside is glazed. */
const GLAZE_FROM = 0.15;

function ringPoint(radius: number, y: number, index: number): Point {
  const angle = (2 * Math.PI * index) / SEGMENTS;
  return [radius * Math.cos(angle), y, radius * Math.sin(angle)];
}

function bodyFaces(): Face[] {
  const faces: Face[] = [];
  let lower: readonly [number, number] = PROFILE[0];
  for (const [level, upper] of PROFILE.slice(1).entries()) {
    const [r0, y0] = lower;
    const [r1, y1] = upper;
    const part = (y0 + y1) / 2 > GLAZE_FROM || level >= 8 ? "glaze" : "body";
    for (let i = 0; i < SEGMENTS; i += 1) {
      faces.push({
        corners: [ringPoint(r0, y0, i), ringPoint(r1, y1, i), ringPoint(r1, y1, i + 1), ringPoint(r0, y0, i + 1)],
        part,
      });
    }
    lower = upper;
  }
  return faces;
}

const BENDS = 12;
const SIDES = 8;

/** Point of the handle's tube: `along` 0…1 from its upper to its lower end, `around` the tube. */
function tube(along: number, around: number): Point {
  const bend = Math.PI * (along - 0.5) * 1.16;
  const angle = 2 * Math.PI * around;
  const reach = 0.46 + 0.11 * Math.cos(angle);
  const x = 0.68 + 1.02 * reach * Math.cos(bend);
  return [x, -1.1 * reach * Math.sin(bend), 0.12 * Math.sin(angle)];
}

function handleFaces(): Face[] {
  const faces: Face[] = [];
  for (let i = 0; i < BENDS; i += 1) {
    for (let j = 0; j < SIDES; j += 1) {
      const [a0, a1, b0, b1] = [i / BENDS, (i + 1) / BENDS, j / SIDES, (j + 1) / SIDES];
      faces.push({ corners: [tube(a0, b0), tube(a1, b0), tube(a1, b1), tube(a0, b1)], part: "handle" });
    }
  }
  return faces;
}

export function mug(): Face[] {
  return [...bodyFaces(), ...handleFaces()];
}
