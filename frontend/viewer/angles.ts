/** Camera positions: degrees around the model from the photo's side (+z) to the right, and above the horizon. */
import { MathUtils, type PerspectiveCamera, Spherical, Vector3 } from "three";

export interface Angles {
  azimuth: number;
  elevation: number;
}

/** `front` is the photo's side. */
export const VIEWS: Record<string, Angles> = {
  front: { azimuth: 0, elevation: 0 },
  right: { azimuth: 90, elevation: 0 },
  back: { azimuth: 180, elevation: 0 },
  left: { azimuth: 270, elevation: 0 },
  top: { azimuth: 0, elevation: 89.9 },
};

export function placeCamera(camera: PerspectiveCamera, angles: Angles, distance: number): void {
  camera.position.setFromSpherical(spherical(angles, distance));
  camera.lookAt(0, 0, 0);
}

function spherical(angles: Angles, distance: number): Spherical {
  return new Spherical(distance, MathUtils.degToRad(90 - angles.elevation), MathUtils.degToRad(angles.azimuth));
}

/** Moves the camera around `target` by degrees, stopping short of the poles. */
export function orbitBy(camera: PerspectiveCamera, target: Vector3, step: Angles): void {
  const offset = new Spherical().setFromVector3(camera.position.clone().sub(target));
  offset.theta += MathUtils.degToRad(step.azimuth);
  offset.phi = MathUtils.clamp(offset.phi - MathUtils.degToRad(step.elevation), 0.01, Math.PI - 0.01);
  camera.position.setFromSpherical(offset).add(target);
}

/** Duration of an animated move. */
const GLIDE_SECONDS = 0.45;

/** Animates the camera to a new position along the shorter arc, eased. `step` returns true while it moves. */
export function createGlide(camera: PerspectiveCamera, target: Vector3) {
  const from = new Spherical();
  const fromTarget = new Vector3();
  let to = new Spherical();
  let elapsed = Number.POSITIVE_INFINITY;

  function start(angles: Angles, distance: number): void {
    from.setFromVector3(camera.position.clone().sub(target));
    fromTarget.copy(target);
    to = spherical(angles, distance);
    to.theta = from.theta + wrapped(to.theta - from.theta);
    elapsed = 0;
  }

  function step(seconds: number): boolean {
    if (elapsed >= 1) return false;
    elapsed = Math.min(1, elapsed + seconds / GLIDE_SECONDS);
    const t = MathUtils.smoothstep(elapsed, 0, 1);
    const blend = (a: number, b: number): number => MathUtils.lerp(a, b, t);
    target.copy(fromTarget).multiplyScalar(1 - t);
    camera.position.setFromSphericalCoords(
      blend(from.radius, to.radius),
      blend(from.phi, to.phi),
      blend(from.theta, to.theta),
    );
    camera.position.add(target);
    camera.lookAt(target);
    return true;
  }

  function stop(): void {
    elapsed = Number.POSITIVE_INFINITY;
  }

  return { start, step, stop };
}

/** The angle wrapped to [-π, π). */
function wrapped(angle: number): number {
  return MathUtils.euclideanModulo(angle + Math.PI, 2 * Math.PI) - Math.PI;
}
