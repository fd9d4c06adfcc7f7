"""Where a camera that an engine only assumed really stood: found by laying the mesh's outline over the photo's.

Searched are azimuth, elevation, distance and the point looked at, by the overlap (IoU) of both silhouettes. A coarse
grid of angles comes first, where scale and shift follow from area and centroid of the outlines; the best of it is
refined in all five numbers by the simplex method (Nelder and Mead 1965), on more and more pixels.
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
from ml.core.masks import iou
from ml.mesh.geometry import hull_corners
from ml.mesh.mesh import Mesh
from ml.mesh.raycast import Caster, camera_rays, window_of
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import PosedPhoto
from ml.texture.projection import MIN_SILHOUETTE_IOU

TURNS = (-30.0, -20.0, -10.0, 0.0, 10.0, 20.0, 30.0)
TILTS = (-30.0, -20.0, -10.0, 0.0, 10.0, 20.0, 30.0, 40.0)
"""Degrees around the assumed azimuth and elevation at which the search begins."""
HIGHEST = 85.0
COARSE, MIDDLE, FINE, JUDGED = 40, 64, 128, 256
"""Pixels a side of the silhouettes: of the grid, of the two refinements, and of the overlap that is told."""
STARTS = 3
"""Places of the grid that are refined."""
STEPS = np.array([5.0, 5.0, 0.03, 0.02, 0.02])
"""Units of the refinement: degrees, degrees, logarithm of the distance, and scene units to the right and up."""
PRIOR = 5e-4
"""Overlap that a degree away from the assumed camera must be worth: a round vase keeps the angles it had."""
ROUNDS = 80

Flags = NDArray[np.bool_]
Place = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """The camera that was found, and the overlap (IoU in [0, 1]) of the outlines that it gives."""

    camera: Camera
    overlap: float


@dataclass(frozen=True)
class _Pair:
    """What is compared: a mesh by its ray tree and the corners of its hull (V, 3), and the photo's `alpha` (S, S)."""

    caster: Caster
    hull: NDArray[np.float32]
    alpha: NDArray[np.float32]

    def outline(self, camera: Camera, size: int) -> Flags:
        """(size, size) pixels whose centres see the mesh."""
        top, bottom, left, right = window = window_of(self.hull, camera, size)
        seen = np.zeros((size, size), bool)
        hits = self.caster.first_hits(*camera_rays(camera, size, window))
        seen[top:bottom, left:right] = (hits.face >= 0).reshape(bottom - top, right - left)
        return seen

    def wanted(self, size: int) -> Flags:
        """(size, size) pixels that the photo's object covers."""
        return np.asarray(cv2.resize(self.alpha, (size, size), interpolation=cv2.INTER_AREA) > 0.5)

    def overlap(self, camera: Camera, size: int) -> float:
        return iou(self.outline(camera, size), self.wanted(size))


def fit(mesh: Mesh, cutout: Cutout, assumed: Camera) -> Fit:
    """The camera near the `assumed` one that sees the mesh as the cutout shows it, and how well it does."""
    if not (cutout.alpha > 0.5).any():
        return Fit(assumed, 0.0)
    pair = _Pair(Caster(mesh.vertices, mesh.faces), hull_corners(mesh.vertices), cutout.alpha.astype(np.float32))
    found = [assumed]
    for camera in _coarse(pair, assumed):
        found.append(_refined(pair, camera, assumed, MIDDLE))
    best = _refined(pair, max(found, key=lambda each: _worth(pair, each, assumed, FINE)), assumed, FINE)
    return Fit(best, pair.overlap(best, JUDGED))


def fitted(mesh: Mesh, photos: Sequence[PosedPhoto]) -> tuple[PosedPhoto, ...]:
    """The photos, those whose camera is only assumed with the camera that fits; as they were where none fits."""
    return tuple(_fitted(mesh, photo) if photo.camera.assumed else photo for photo in photos)


def _fitted(mesh: Mesh, photo: PosedPhoto) -> PosedPhoto:
    found = fit(mesh, photo.cutout, photo.camera)
    return replace(photo, camera=replace(found.camera, assumed=False)) if found.overlap >= MIN_SILHOUETTE_IOU else photo


def _coarse(pair: _Pair, assumed: Camera) -> list[Camera]:
    """The best cameras of the grid of angles, the best first, each at its best distance and shift."""
    cameras = [
        _aligned(pair, replace(assumed, azimuth=assumed.azimuth + turn, elevation=elevation))
        for turn, tilt in product(TURNS, TILTS)
        if abs(elevation := assumed.elevation + tilt) < HIGHEST
    ]
    return sorted(cameras, key=lambda each: _worth(pair, each, assumed, COARSE), reverse=True)[:STARTS]


def _aligned(pair: _Pair, camera: Camera) -> Camera:
    """The camera moved so that the mesh's outline has the area and the centroid of the photo's."""
    ours, theirs = (_moments(each) for each in (pair.outline(camera, COARSE), pair.wanted(COARSE)))
    if ours is None or theirs is None:
        return camera
    nearer = camera.distance * (ours[0] / theirs[0]) ** 0.5
    right, up = (nearer / camera.focal) * (ours[1:] * camera.distance / nearer - theirs[1:]) * (1.0, -1.0)
    return _moved(camera, np.array([0.0, 0.0, np.log(nearer / camera.distance), right, up]) / STEPS)


def _moments(outline: Flags) -> Place | None:
    """Area in pixels, and the centroid in the camera's picture, x right and y down in [-1, 1]; None of nothing."""
    rows, columns = np.nonzero(outline)
    if len(rows) == 0:
        return None
    half = len(outline) / 2.0
    return np.array([len(rows), (columns.mean() + 0.5) / half - 1.0, (rows.mean() + 0.5) / half - 1.0])


def _moved(camera: Camera, steps: Place) -> Camera:
    """The camera after (5,) steps in the units of `STEPS`; right and up are meant in its own picture."""
    turn, tilt, further, right, up = steps * STEPS
    sideways, upwards, _ = camera.axes().numpy().astype(np.float64)
    target = np.array(camera.target) + right * sideways + up * upwards
    return replace(
        camera,
        azimuth=camera.azimuth + float(turn),
        elevation=float(np.clip(camera.elevation + tilt, -HIGHEST, HIGHEST)),
        distance=camera.distance * float(np.exp(np.clip(further, -1.0, 1.0))),
        target=(float(target[0]), float(target[1]), float(target[2])),
    )


def _refined(pair: _Pair, start: Camera, assumed: Camera, size: int) -> Camera:
    """The best camera that the simplex finds from `start`."""
    found = minimize(
        lambda steps: -_worth(pair, _moved(start, steps), assumed, size),
        np.zeros(5),
        method="Nelder-Mead",
        options={"maxfev": ROUNDS, "initial_simplex": np.concatenate([np.zeros((1, 5)), np.eye(5)])},
    )
    return _moved(start, found.x)


def _worth(pair: _Pair, camera: Camera, assumed: Camera, size: int) -> float:
    away = abs(camera.azimuth - assumed.azimuth) + abs(camera.elevation - assumed.elevation)
    return pair.overlap(camera, size) - PRIOR * away
