/** The model as the camera of a photo sees it: what the compare slider puts beside the photo. */
import { MathUtils, type Object3D, PerspectiveCamera, Vector3 } from "three";

type Triple = readonly [number, number, number];

/** As the report has it: canonical frame (z up, photo over +x), degrees; `fov` is vertical, pictures are square. */
export interface ShotCamera {
  elevation: number;
  azimuth: number;
  distance: number;
  fov: number;
  target?: Triple;
}

/** An eye beside `root`, whose own frame is the files': y up, the photo's camera over +z, a canonical unit a metre. */
export function eyeOf(shot: ShotCamera, root: Object3D): PerspectiveCamera {
  const target = filesFrame(shot.target ?? [0, 0, 0]);
  const polar = MathUtils.degToRad(90 - shot.elevation);
  const arm = new Vector3().setFromSphericalCoords(shot.distance, polar, MathUtils.degToRad(shot.azimuth));
  const eye = new PerspectiveCamera(shot.fov, 1, 0.01, 50);
  eye.position.copy(root.localToWorld(arm.add(target)));
  eye.lookAt(root.localToWorld(target));
  eye.updateMatrixWorld();
  return eye;
}

/** The same turn as ml/core/frames.py `y_up`. */
function filesFrame([x, y, z]: Triple): Vector3 {
  return new Vector3(y, z, x);
}
