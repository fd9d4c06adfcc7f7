"""Bodies of revolution: what no photo shows has the colours that the photo shows at the same height and radius.

The upright axis is fitted to the normals, which all point away from it. Both the shape and the colours must fit: around
the axis, observed colours must be the same wherever they are equally high. Stripes then go round the object.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from ml.core.images import Floats
from ml.texture import unobserved
from ml.texture.projection import smoothstep
from ml.texture.unobserved import CELL, Patches

MAX_TURN = (0.2, 0.3)
"""Mean sine of the angle between the normals and the directions from the axis up to which a shape is certainly round,
and from which on it is not: predicted cups and towers have 0.1 to 0.2, a cube has 0.38."""
MAX_SPREAD = (0.35, 0.6)
"""The same for the colours: their mean distance to the median at the same height and radius, relative to that to the
median of all."""
MIN_CONTRAST = 0.03
"""Mean distance in sRGB to the median colour of all below which an object has one colour, which needs no profile."""
MIN_LEVEL = 0.3
"""Horizontal length of a unit normal from which on it shows where the axis is."""
HEIGHT_STEP, RADIUS_STEP = 0.006, 0.15
"""Cells of the profile in scene units: predicted radii are far less exact than heights, and what sticks out on one
side, such as a door, must not count on its own."""
SECTORS = 36
"""Sectors around the axis that count alike in a profile."""
UPRIGHT = 0.6
"""Vertical component of a normal above which a point belongs to a top, and below minus which to an underside."""
CERTAIN = 0.9
"""Confidence in the photo from which on a colour counts in the profile."""


@dataclass(frozen=True)
class Axis:
    """The upright line through (`x`, `y`); `confidence` in [0, 1] that the object is one of revolution around it."""

    x: float
    y: float
    confidence: float = 1.0

    def radius(self, points: Floats) -> Floats:
        """(N,) distances of points (N, 3)."""
        return np.asarray(np.hypot(points[:, 0] - self.x, points[:, 1] - self.y), np.float32)


def find(patches: Patches) -> Axis | None:
    """The axis of a body of revolution; None without confidence."""
    level = np.hypot(patches.normal[:, 0], patches.normal[:, 1]) > MIN_LEVEL
    seen = patches.confidence > unobserved.MIN_CONFIDENCE
    if np.count_nonzero(level) < 3 or not seen.any():
        return None
    x, y = _fit(patches.center[level], patches.normal[level])
    axis = Axis(x, y)
    turn = _turn(axis, patches.center[level], patches.normal[level])
    spread = _spread(axis, patches, seen)
    fits = [
        1.0 - float(smoothstep(*limits, np.array([value], np.float32))[0])
        for limits, value in ((MAX_TURN, turn), (MAX_SPREAD, spread))
    ]
    return Axis(x, y, min(fits)) if min(fits) > 0.0 else None


def colors(axis: Axis, points: Floats, normals: Floats, seen: Floats, confidence: Floats) -> Floats:
    """(N, 3) colours of points (N, 3), of which the photo shows `seen` (N, 3) where its `confidence` (N,) is high."""
    cell, shape = _cells(axis, points, normals)
    known = confidence > CERTAIN
    if not known.any():
        return seen
    profile, filled = np.zeros((int(np.prod(shape)), 3), np.float32), np.zeros(int(np.prod(shape)), bool)
    # Sectors count alike, so that a door with many texels does not outvote the wall around it.
    sectors, in_sector = _medians(cell[known] * SECTORS + _sector(axis, points[known]), seen[known])
    found, medians = _medians(sectors // SECTORS, in_sector)
    profile[found], filled[found] = medians, True
    return profile.reshape(*shape, 3)[_nearest(filled.reshape(shape))].reshape(-1, 3)[cell]


def _fit(points: Floats, normals: Floats) -> tuple[float, float]:
    """The point that the level directions of the normals lead away from, by least squares."""
    matrix = np.stack([normals[:, 1], -normals[:, 0]], axis=1).astype(np.float64)
    target = (matrix * points[:, :2]).sum(axis=1)
    x, y = np.linalg.lstsq(matrix, target, rcond=None)[0]
    return float(x), float(y)


def _turn(axis: Axis, points: Floats, normals: Floats) -> float:
    """Mean sine of the angle between the normals' level directions and those from the axis."""
    away = points[:, :2] - np.array((axis.x, axis.y), np.float32)
    across = np.abs(away[:, 0] * normals[:, 1] - away[:, 1] * normals[:, 0])
    lengths = np.linalg.norm(away, axis=1) * np.linalg.norm(normals[:, :2], axis=1)
    return float((across / np.maximum(lengths, 1e-6)).mean())


def _spread(axis: Axis, patches: Patches, seen: NDArray[np.bool_]) -> float:
    """Mean distance of the observed colours to the median of their height and radius, relative to that of all."""
    color = patches.color[seen]
    overall = np.abs(color - np.median(color, axis=0)).sum(axis=1).mean()
    if overall < MIN_CONTRAST:
        return np.inf
    height = np.floor(patches.center[seen, 2] / CELL).astype(np.int64)
    radius = np.floor(axis.radius(patches.center[seen]) / RADIUS_STEP).astype(np.int64)
    _, cell = np.unique(np.stack([height, radius], axis=1), axis=0, return_inverse=True)
    _, medians = _medians(cell, color)
    return float(np.abs(color - medians[cell]).sum(axis=1).mean() / overall)


def _cells(axis: Axis, points: Floats, normals: Floats) -> tuple[NDArray[np.int64], tuple[int, int, int]]:
    """(N,) cells of the profile, and its shape: tops, sides and undersides, heights, radii."""
    height = ((points[:, 2] - points[:, 2].min()) / HEIGHT_STEP).astype(np.int64)
    radius = (axis.radius(points) / RADIUS_STEP).astype(np.int64)
    side = np.digitize(normals[:, 2], (-UPRIGHT, UPRIGHT))
    shape = (3, int(height.max()) + 1, int(radius.max()) + 1)
    return np.ravel_multi_index((side, height, radius), shape), shape


def _sector(axis: Axis, points: Floats) -> NDArray[np.int64]:
    """(N,) which of the sectors around the axis each point lies in."""
    angle = np.arctan2(points[:, 1] - axis.y, points[:, 0] - axis.x) / (2.0 * np.pi) + 0.5
    return np.asarray((angle * SECTORS).astype(np.int64).clip(0, SECTORS - 1))


def _medians(cell: NDArray[np.int64], color: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The occupied cells, and for each the (3,) colour of median brightness."""
    order = np.lexsort((color.sum(axis=1), cell))
    found, first, count = np.unique(cell[order], return_index=True, return_counts=True)
    return found, color[order[first + count // 2]]


def _nearest(filled: NDArray[np.bool_]) -> tuple[NDArray[np.int64], ...]:
    """The nearest filled cell of each: of the same height first, then of the same side."""
    height = HEIGHT_STEP / CELL
    indices = distance_transform_edt(~filled, sampling=(0.5, height, 0.1), return_distances=False, return_indices=True)
    return tuple(np.asarray(indices, np.int64))
