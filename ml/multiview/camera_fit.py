"""Estimation of a camera that an engine only assumed, by matching the mesh's silhouette to the photo's.

Azimuth, elevation, distance and target maximise the IoU of both silhouettes. A coarse grid of angles comes first, where
area and centroid of the silhouettes determine distance and target; its best cameras are refined in all five parameters
by the simplex method (Nelder and Mead 1965) at increasing resolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ml.core.camera import Camera
from ml.core.masks import Mask, iou
from ml.mesh.geometry import hull_corners
from ml.mesh.mesh import Mesh
from ml.mesh.raycast import Caster, camera_rays, window_of
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import PosedPhoto
from ml.texture.projection import MIN_SILHOUETTE_IOU

AZIMUTH_OFFSETS = (-30.0, -20.0, -10.0, 0.0, 10.0, 20.0, 30.0)
"""Degrees around the assumed azimuth from which the search starts."""
ELEVATION_OFFSETS = (-30.0, -20.0, -10.0, 0.0, 10.0, 20.0, 30.0, 40.0)
"""Grid of angles in degrees around the assumed azimuth and elevation."""
MAX_ELEVATION = 85.0
"""Degrees: near the poles the azimuth is undefined."""
COARSE, MIDDLE, FINE, FINAL = 40, 64, 128, 256
"""Side in pixels of the silhouettes: on the grid, in the two refinements, and for the IoU that is returned."""
STARTS = 3
"""Cameras of the grid that are refined."""
STEP_SIZES = np.array([5.0, 5.0, 0.03, 0.02, 0.02])
"""Units of the refinement: degrees, degrees, logarithm of the distance, and scene units to the right and up."""
PRIOR_WEIGHT = 5e-4
"""IoU that each degree from the assumed camera must gain, so that a symmetric object keeps its angles."""
MAX_EVALUATIONS = 80
"""Silhouettes that are rendered in each refinement."""

Parameters = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """The estimated camera, and the IoU of the silhouettes with it."""

    camera: Camera
    iou: float


@dataclass(frozen=True)
class _Comparison:
    """What is compared: a mesh, by its caster and the corners of its hull (V, 3), and a photo's `alpha` (S, S)."""

    caster: Caster
    hull: NDArray[np.float32]
    alpha: NDArray[np.float32]

    def mesh_mask(self, camera: Camera, size: int) -> Mask:
        """(size, size) pixels whose centres see the mesh."""
        top, bottom, left, right = window = window_of(self.hull, camera, size)
        mask = np.zeros((size, size), bool)
        hits = self.caster.occluded(*camera_rays(camera, size, window))
        mask[top:bottom, left:right] = hits.reshape(bottom - top, right - left)
        return mask

    def photo_mask(self, size: int) -> Mask:
        """(size, size) pixels that the object covers in the photo."""
        return np.asarray(cv2.resize(self.alpha, (size, size), interpolation=cv2.INTER_AREA) > 0.5)

    def iou(self, camera: Camera, size: int) -> float:
        return iou(self.mesh_mask(camera, size), self.photo_mask(size))


def fit(mesh: Mesh, cutout: Cutout, assumed: Camera) -> Fit:
    """The camera near the `assumed` one from which the mesh best matches the cutout."""
    if not (cutout.alpha > 0.5).any():
        return Fit(assumed, 0.0)
    comparison = _Comparison(mesh.caster, hull_corners(mesh.vertices), cutout.alpha.astype(np.float32))
    starts = _best_of_grid(comparison, assumed)
    candidates = [assumed, *(_refine(comparison, start, assumed, MIDDLE) for start in starts)]
    best = max(candidates, key=lambda camera: _score(comparison, camera, assumed, FINE))
    best = _refine(comparison, best, assumed, FINE)
    return Fit(best, comparison.iou(best, FINAL))


def fit_assumed_cameras(mesh: Mesh, photos: Sequence[PosedPhoto]) -> tuple[PosedPhoto, ...]:
    """The photos, with estimated cameras in place of assumed ones; a camera without a good match is kept."""
    return tuple(_fit_photo(mesh, photo) if photo.camera.assumed else photo for photo in photos)


def _fit_photo(mesh: Mesh, photo: PosedPhoto) -> PosedPhoto:
    found = fit(mesh, photo.cutout, photo.camera)
    return replace(photo, camera=replace(found.camera, assumed=False)) if found.iou >= MIN_SILHOUETTE_IOU else photo


def _best_of_grid(comparison: _Comparison, assumed: Camera) -> list[Camera]:
    """The best cameras on the grid of angles in descending order, each with its distance and target aligned."""
    cameras = [
        _align(comparison, replace(assumed, azimuth=assumed.azimuth + azimuth_offset, elevation=elevation))
        for azimuth_offset, elevation_offset in product(AZIMUTH_OFFSETS, ELEVATION_OFFSETS)
        if abs(elevation := assumed.elevation + elevation_offset) < MAX_ELEVATION
    ]
    return sorted(cameras, key=lambda camera: _score(comparison, camera, assumed, COARSE), reverse=True)[:STARTS]


def _align(comparison: _Comparison, camera: Camera) -> Camera:
    """The camera moved so that the mesh's silhouette has the area and centroid of the photo's."""
    ours, theirs = _moments(comparison.mesh_mask(camera, COARSE)), _moments(comparison.photo_mask(COARSE))
    if ours is None or theirs is None:
        return camera
    distance = camera.distance * (ours[0] / theirs[0]) ** 0.5
    right, up = (distance / camera.focal) * (ours[1:] * camera.distance / distance - theirs[1:]) * (1.0, -1.0)
    return _move(camera, np.array([0.0, 0.0, np.log(distance / camera.distance), right, up]) / STEP_SIZES)


def _moments(mask: Mask) -> Parameters | None:
    """Area in pixels, and the centroid, x right and y down in [-1, 1]; None when empty."""
    rows, columns = np.nonzero(mask)
    if len(rows) == 0:
        return None
    half = len(mask) / 2.0
    return np.array([len(rows), (columns.mean() + 0.5) / half - 1.0, (rows.mean() + 0.5) / half - 1.0])


def _move(camera: Camera, steps: Parameters) -> Camera:
    """The camera after (5,) steps in units of `STEP_SIZES`; right and up are those of its own picture."""
    azimuth, elevation, log_distance, right, up = steps * STEP_SIZES
    right_axis, up_axis, _ = camera.axes().numpy().astype(np.float64)
    target = np.array(camera.target) + right * right_axis + up * up_axis
    return replace(
        camera,
        azimuth=camera.azimuth + float(azimuth),
        elevation=float(np.clip(camera.elevation + elevation, -MAX_ELEVATION, MAX_ELEVATION)),
        distance=camera.distance * float(np.exp(np.clip(log_distance, -1.0, 1.0))),
        target=(float(target[0]), float(target[1]), float(target[2])),
    )


def _refine(comparison: _Comparison, start: Camera, assumed: Camera, size: int) -> Camera:
    """The best camera that the simplex method finds from `start`."""
    result = minimize(
        lambda steps: -_score(comparison, _move(start, steps), assumed, size),
        np.zeros(5),
        method="Nelder-Mead",
        options={"maxfev": MAX_EVALUATIONS, "initial_simplex": np.concatenate([np.zeros((1, 5)), np.eye(5)])},
    )
    return _move(start, result.x)


def _score(comparison: _Comparison, camera: Camera, assumed: Camera, size: int) -> float:
    """The IoU minus the prior for the assumed angles."""
    deviation = abs(camera.azimuth - assumed.azimuth) + abs(camera.elevation - assumed.elevation)
    return comparison.iou(camera, size) - PRIOR_WEIGHT * deviation
