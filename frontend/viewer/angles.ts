/** Where the eye stands: degrees around the model from the photo's side (+z), to the right, and above the horizon. */
import { MathUtils, type PerspectiveCamera, Spherical, Vector3 } from "three";

export interface Angles {
  azimuth: number;
  elevation: number;
}

/** The photo's own side first. */
export const VIEWS: Record<string, Angles> = {
  front: { azimuth: 0, elevation: 0 },
  right: { azimuth: 90, elevation: 0 },
  back: { azimuth: 180, elevation: 0 },
  left: { azimuth: 270, elevation: 0 },
  top: { azimuth: 0, elevation: 89.9 },
};

export function placeAt(camera: PerspectiveCamera, angles: Angles, distance: number): void {
  camera.position.setFromSpherical(spherical(angles, distance));
  camera.lookAt(0, 0, 0);
}

function spherical(angles: Angles, distance: number): Spherical {
  return new Spherical(distance, MathUtils.degToRad(90 - angles.elevation), MathUtils.degToRad(angles.azimuth));
}

/** Turns the eye around `target` by steps in degrees, and stops short of the poles. */
export function orbitBy(camera: PerspectiveCamera, target: Vector3, step: Angles): void {
  const arm = new Spherical().setFromVector3(camera.position.clone().sub(target));
  arm.theta += MathUtils.degToRad(step.azimuth);
  arm.phi = MathUtils.clamp(arm.phi - MathUtils.degToRad(step.elevation), 0.01, Math.PI - 0.01);
  camera.position.setFromSpherical(arm).add(target);
}

const GLIDE_SECONDS = 0.45;

/** An eased way of the eye to a new place, by the shorter turn. `step` is true while it moves. */
export function createGlide(camera: PerspectiveCamera, target: Vector3) {
  const from = new Spherical();
  const fromTarget = new Vector3();
  let to = new Spherical();
  let passed = Number.POSITIVE_INFINITY;

  function start(angles: Angles, distance: number): void {
    from.setFromVector3(camera.position.clone().sub(target));
    fromTarget.copy(target);
    to = spherical(angles, distance);
    to.theta = from.theta + shorter(to.theta - from.theta);
    passed = 0;
  }

  function step(seconds: number): boolean {
    if (passed >= 1) return false;
    passed = Math.min(1, passed + seconds / GLIDE_SECONDS);
    const t = MathUtils.smoothstep(passed, 0, 1);
    const mix = (a: number, b: number): number => MathUtils.lerp(a, b, t);
    target.copy(fromTarget).multiplyScalar(1 - t);
    camera.position.setFromSphericalCoords(
      mix(from.radius, to.radius),
      mix(from.phi, to.phi),
      mix(from.theta, to.theta),
    );
    camera.position.add(target);
    camera.lookAt(target);
    return true;
  }

  function stop(): void {
    passed = Number.POSITIVE_INFINITY;
  }

  return { start, step, stop };
}

/** The same turn in (-π, π]. */
function shorter(angle: number): number {
  return MathUtils.euclideanModulo(angle + Math.PI, 2 * Math.PI) - Math.PI;
}
