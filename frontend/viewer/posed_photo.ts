/** The camera of a photo in the viewer's scene, for the compare slider. */
import { MathUtils, type Object3D, PerspectiveCamera, Vector3 } from "three";

type Triple = readonly [number, number, number];

/** As in the API: canonical axes (z up, photo over +x), metres and degrees; `fov` is vertical, images are square. */
export interface PhotoCamera {
  elevation: number;
  azimuth: number;
  distance: number;
  fov: number;
  target?: Triple;
}

/** A camera in the scene of `root`, whose frame is that of the files: y up, the photo's camera over +z, metres. */
export function cameraOf(photo: PhotoCamera, root: Object3D): PerspectiveCamera {
  const target = fileFrame(photo.target ?? [0, 0, 0]);
  const polar = MathUtils.degToRad(90 - photo.elevation);
  const offset = new Vector3().setFromSphericalCoords(photo.distance, polar, MathUtils.degToRad(photo.azimuth));
  const camera = new PerspectiveCamera(photo.fov, 1, 0.01, 50);
  camera.position.copy(root.localToWorld(offset.add(target)));
  camera.lookAt(root.localToWorld(target));
  camera.updateMatrixWorld();
  return camera;
}

/** What the photo's camera looks at, in the scene of `root`. */
export function targetOf(photo: PhotoCamera, root: Object3D): Vector3 {
  return root.localToWorld(fileFrame(photo.target ?? [0, 0, 0]));
}

/** Canonical to file frame, as `y_up` in ml/core/frames.py. */
function fileFrame([x, y, z]: Triple): Vector3 {
  return new Vector3(y, z, x);
}
