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
  const polar = MathUtils.degToRad(90 - angles.elevation);
  camera.position.setFromSphericalCoords(distance, polar, MathUtils.degToRad(angles.azimuth));
  camera.lookAt(0, 0, 0);
}

/** Turns the eye around `target` by steps in degrees, and stops short of the poles. */
export function orbitBy(camera: PerspectiveCamera, target: Vector3, step: Angles): void {
  const arm = new Spherical().setFromVector3(camera.position.clone().sub(target));
  arm.theta += MathUtils.degToRad(step.azimuth);
  arm.phi = MathUtils.clamp(arm.phi - MathUtils.degToRad(step.elevation), 0.01, Math.PI - 0.01);
  camera.position.setFromSpherical(arm).add(target);
}
