"""Poses an object in front of a camera: rotated, scaled and moved until its picture fills the frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.core.camera import DISTANCE, FIELD_OF_VIEW, Camera
from ml.core.images import Floats
from ml.recipe import Recipe

FOREGROUND_RATIO = Recipe().foreground_ratio
"""Fraction of the frame that the longer side of the object's picture fills."""
ELEVATIONS = (-10.0, 35.0)
"""Range of the camera's elevation in degrees."""
DISTANCE_STEPS = 22
"""Bisections of the camera's distance: precise to about two millionths."""
MAX_DISTANCE = 60.0
"""Upper bound of the distance, in half sizes of the object."""
CENTRING_ROUNDS = 6
"""Each round divides the offset by about the object's depth relative to its distance."""


@dataclass(frozen=True)
class PosedMesh:
    """A mesh in camera space: `vertices` (V, 3) float32 right, up and depth, with the camera at the origin.

    That space is left-handed, so `faces` (F, 3) have the opposite winding of the object's, to keep facing outward.

    `to_canonical` turns a depth offset from the middle of the object into canonical units (`ml.core.camera`), where the
    camera has a field of view of 40° and a distance of 1.9, whatever this view's lens.
    """

    vertices: Floats
    faces: NDArray[np.int64]
    elevation: float
    fov: float
    distance: float
    to_canonical: float

    @property
    def focal(self) -> float:
        return Camera(fov=self.fov).focal


def to_camera(vertices: Floats, azimuth: float, elevation: float) -> Floats:
    """(V, 3) upright vertices -> right, up and depth as the camera at these angles (degrees) sees them, around 0."""
    axes = Camera(elevation=elevation, azimuth=azimuth).axes().numpy()
    return np.asarray(vertices @ axes.T, np.float32)


def pose(
    vertices: Floats, faces: NDArray[np.int64], azimuth: float, elevation: float, fov: float = FIELD_OF_VIEW
) -> PosedMesh:
    """Pose an upright mesh so that the longer side of its picture fills FOREGROUND_RATIO of the frame, centred.

    The middle of the depth range is at the camera's distance. Angles in degrees.
    """
    local = to_camera(vertices, azimuth, elevation)
    local -= (local.min(axis=0) + local.max(axis=0)) / 2.0
    local /= max(float(np.abs(local).max()), 1e-6)
    focal = Camera(fov=fov).focal
    distance = _fit_distance(local, focal)
    half_width = distance / focal
    to_canonical = DISTANCE / Camera().focal / half_width
    local = _centre(local, focal, distance)
    local[:, 2] += distance
    return PosedMesh(local.astype(np.float32), faces[:, ::-1], elevation, fov, distance, to_canonical)


def _fit_distance(local: Floats, focal: float) -> float:
    """The distance at which the centred picture has the right size, by bisection."""
    low, high = float(-local[:, 2].min()) + 0.05, MAX_DISTANCE
    for _ in range(DISTANCE_STEPS):
        middle = (low * high) ** 0.5
        picture = focal * local[:, :2] / (local[:, 2:] + middle)
        size = float((picture.max(axis=0) - picture.min(axis=0)).max())
        low, high = (middle, high) if size > 2.0 * FOREGROUND_RATIO else (low, middle)
    return high


def _centre(local: Floats, focal: float, distance: float) -> Floats:
    """Shift sideways until the picture's bounding box is centred; converges fast, since depths do not change."""
    moved = local.copy()
    for _ in range(CENTRING_ROUNDS):
        picture = focal * moved[:, :2] / (moved[:, 2:] + distance)
        middle = (picture.max(axis=0) + picture.min(axis=0)) / 2.0
        moved[:, :2] -= middle * distance / focal
    return moved


def random_angles(rng: np.random.Generator) -> tuple[float, float, float]:
    """Azimuth, elevation and field of view in degrees: any side, ELEVATIONS, mostly ordinary lenses."""
    azimuth = float(rng.uniform(0.0, 360.0))
    elevation = float(np.clip(rng.normal(14.0, 12.0), *ELEVATIONS) if rng.random() < 0.6 else rng.uniform(*ELEVATIONS))
    fov = FIELD_OF_VIEW if rng.random() < 0.5 else float(rng.uniform(18.0, 55.0))
    return azimuth, elevation, fov
