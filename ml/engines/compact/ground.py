"""What stands on the ground ends on one plane: feet are moved along the photo's rays until they meet it.

The silhouette shows where each foot ends, but not at which depth. A ground plane that is level determines it. Feet are
the parts of the silhouette that reach down on their own. Plane and camera elevation are chosen so that the feet move as
little as possible from the predicted depths; a part that would have to move far (a hand, a trunk) is not a foot.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.core.camera import DISTANCE, Camera
from ml.core.images import Floats
from ml.core.masks import OPAQUE, Mask

MIN_LEG = 0.05
"""Fraction of the silhouette's height by which a foot is below the place where its leg meets the rest."""
MAX_HEIGHT = 0.6
"""Fraction of the silhouette's height up to which a foot may appear in it, as those farther away do."""
LEVELS = 48
"""Rows of the silhouette at which the parts below are told apart."""
TIP = 3
"""Rows of network pixels at the end of a leg whose depths count as that of its foot."""
DEPTH_DEVIATION = 0.07
"""Standard deviation of a foot's predicted depth in scene units."""
ELEVATION_DEVIATION = 2.5
"""Standard deviation of the predicted elevation in degrees."""
MAX_DEVIATIONS = 2.5
"""Standard deviations by which a foot may be moved; a part beyond that is not a foot."""
BEHIND = 2.0
"""How much farther a leg may be moved that disappears behind another: its predicted depth is mixed with that one's."""
TURNS = np.linspace(-15.0, 15.0, 61)
"""Changes of the elevation to try, in degrees."""
HEIGHTS = 81
"""Heights of the plane to try, between the lowest and the highest foot."""
MIN_AREA = 0.003
"""Smallest leg, as a fraction of the silhouette's area."""
MIN_SLOPE = 0.1
"""Least descent of a ray to a foot, per unit of depth, that determines where it meets the ground."""


@dataclass(frozen=True)
class Leg:
    """A part that reaches down on its own: `pixels` (S, S) bool, its lowest one at `row` and `column`.
    `behind`: whether it disappears behind another leg."""

    row: int
    column: int
    pixels: Mask
    behind: bool = False


@dataclass(frozen=True)
class Ground:
    """Where an object stands: the camera's elevation in degrees, the plane's `height` (z of a scene seen from the
    canonical distance; None: not known), and how far each pixel moves in depth, `shift` (G, G)."""

    elevation: float
    height: float | None
    shift: Floats


def find(front: Floats, alpha: Floats, elevation: float) -> Ground:
    """The ground under an object with these depths (G, G) of its first surface and this opacity (S, S)."""
    legs = find_legs(alpha > OPAQUE)
    flat = as_predicted(front, alpha, elevation)
    if len(legs) < 2:
        return flat
    points = np.stack([_tip(leg, front) for leg in legs])
    turn, height, moves = _fit(points, elevation)
    standing = np.abs(moves) <= MAX_DEVIATIONS * DEPTH_DEVIATION * np.array(
        [BEHIND if leg.behind else 1.0 for leg in legs]
    )
    count = int(np.count_nonzero(standing))
    if count < 2:
        return flat
    shift = np.zeros_like(front)
    for leg, move in zip(np.array(legs, object)[standing], moves[standing], strict=True):
        weight = _reach(leg, len(front))
        shift = np.where(weight > 0.0, weight * move, shift)
    return Ground(elevation + turn, height if count > 2 else None, shift.astype(np.float32))


def as_predicted(front: Floats, alpha: Floats, elevation: float) -> Ground:
    """No plane: nothing moves."""
    return Ground(elevation, None, np.zeros_like(front))


def find_legs(mask: Mask) -> list[Leg]:
    """The parts of a silhouette (S, S) that reach down on their own, each up to where it meets another one."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return []
    low, size = int(rows[-1]) + 1, int(rows[-1]) + 1 - int(rows[0])
    levels = np.unique((low - size * np.linspace(MIN_LEG, MAX_HEIGHT + MIN_LEG, LEVELS)).astype(int))[::-1]
    parts = [_parts_below(mask, int(level)) for level in levels]
    tips = {
        tip for level, found in zip(levels, parts, strict=True) for tip in found[1] if tip[0] - level >= MIN_LEG * size
    }
    legs: dict[tuple[int, int], Leg] = {}
    for label, _ in parts:
        numbers = {tip: int(label[tip]) for tip in tips if label[tip]}
        for tip, number in numbers.items():
            if list(numbers.values()).count(number) == 1:
                legs[tip] = Leg(*tip, label == number)
    found = [part for leg in legs.values() for part in _split(leg, round(MIN_LEG * size))]
    return [leg for leg in found if leg.pixels.sum() >= MIN_AREA * mask.sum()]


def _split(leg: Leg, length: int) -> list[Leg]:
    """The leg itself, after one that disappears behind it, `length` rows or more below where that one begins."""
    first = int(np.flatnonzero(leg.pixels.any(axis=1))[0])
    for row in range(leg.row - length, first + length, -1):
        label, count = ndimage.label(leg.pixels[first:row])
        if count == 2 and all((label[[-length, -1]] == number).any(axis=1).all() for number in (1, 2)):
            middles = [float(np.flatnonzero(label[-1] == number).mean()) for number in (1, 2)]
            farther = int(np.argmax(np.abs(np.array(middles) - leg.column)))
            pixels = np.zeros_like(leg.pixels)
            pixels[first:row] = label == farther + 1
            pixels |= _beside(leg, row, middles[farther] < leg.column)
            tip = int(np.flatnonzero(pixels.any(axis=1))[-1])
            column = int(np.median(np.flatnonzero(pixels[tip])))
            return [Leg(tip, column, pixels, behind=True), replace(leg, pixels=leg.pixels & ~pixels)]
    return [leg]


def _beside(leg: Leg, row: int, left: bool) -> Mask:
    """(S, S) what lies to the left or right of the lower part of `leg`, from `row` on down to where that ends."""
    below = leg.pixels[row : leg.row]
    columns = np.arange(below.shape[1])
    if left:
        outside = below & (columns < np.median(below.argmax(axis=1)))
    else:
        outside = below & (columns >= len(columns) - np.median(below[:, ::-1].argmax(axis=1)))
    pixels = np.zeros_like(leg.pixels)
    pixels[row : leg.row] = outside & np.logical_and.accumulate(outside.any(axis=1))[:, None]
    return pixels


def _parts_below(mask: Mask, level: int) -> tuple[NDArray[np.int32], list[tuple[int, int]]]:
    """Labels of the connected parts at and below a row, and the lowest pixel of each."""
    label = np.zeros(mask.shape, np.int32)
    label[level:], _ = ndimage.label(mask[level:])
    row, column = np.nonzero(label[::-1])
    row = len(mask) - 1 - row
    _, first = np.unique(label[row, column], return_index=True)
    return label, [(int(row[index]), int(column[index])) for index in first]


def _tip(leg: Leg, front: Floats) -> Floats:
    """(3,) right, up and depth from the camera of the end of a leg, its depth the median of its last pixels.

    Behind another leg, the largest: all others are mixed with that leg's.
    """
    size, grid = len(leg.pixels), len(front)
    scale = size // grid
    rows, columns = np.nonzero(leg.pixels[max(leg.row + 1 - TIP * scale, 0) : leg.row + 1])
    rows = rows + max(leg.row + 1 - TIP * scale, 0)
    depth = DISTANCE + float(np.percentile(front[rows // scale, columns // scale], 100.0 if leg.behind else 50.0))
    right, down = ((position + 0.5) / size * 2.0 - 1.0 for position in (leg.column, leg.row + 0.5))
    return np.array([right * depth / Camera().focal, -down * depth / Camera().focal, depth])


def _fit(points: Floats, elevation: float) -> tuple[float, float, Floats]:
    """The change of the elevation, the height of the plane, and how far each of the points (N, 3) moves in depth."""
    fits = [_fit_height(points, Camera(elevation=elevation + turn)) for turn in TURNS]
    total = [cost + (turn / ELEVATION_DEVIATION) ** 2 for turn, (cost, _, _) in zip(TURNS, fits, strict=True)]
    index = int(np.argmin(total))
    return float(TURNS[index]), *fits[index][1:]


def _fit_height(points: Floats, camera: Camera) -> tuple[float, float, Floats]:
    """Cost and height of the best plane under points that this camera sees, and how far each moves in depth."""
    origin = float(camera.position()[2])
    level = origin + points @ camera.axes()[:, 2].numpy()
    descent = np.maximum((origin - level) / points[:, 2], MIN_SLOPE)
    heights = np.linspace(level.min(), level.max(), HEIGHTS)[:, None]
    moves = (level - heights) / descent
    cost = (moves / DEPTH_DEVIATION) ** 2
    # Nothing may stay below the ground, but what ends above it need not be a foot.
    cost = np.where(level < heights, cost, np.minimum(cost, MAX_DEVIATIONS**2)).sum(axis=1)
    index = int(np.argmin(cost))
    return float(cost[index]), float(heights[index, 0]), np.asarray(moves[index], np.float32)


def _reach(leg: Leg, grid: int) -> Floats:
    """(grid, grid) weights from 0 where a leg begins to 1 at its foot, and 0 beside it."""
    rows = np.flatnonzero(leg.pixels.any(axis=1))
    ramp = np.clip((np.arange(len(leg.pixels)) - rows[0]) / max(leg.row - rows[0], 1), 0.0, 1.0)
    scale = len(leg.pixels) // grid
    covered = leg.pixels.reshape(grid, scale, grid, scale).any(axis=(1, 3))
    return np.where(covered, ramp.reshape(grid, scale).mean(axis=1)[:, None], 0.0)
