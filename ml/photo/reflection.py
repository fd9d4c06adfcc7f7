"""Finds the mirror image of an object on a shiny ground, where the mask took it for a part of the object."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats
from ml.core.masks import OPAQUE, Mask, iou
from ml.photo.surroundings import estimate_background, reduce

SIDE = 512
"""Longer side in pixels of the picture; MARGIN is in pixels of it."""
MARGIN = 20
"""The ground is not looked for within so many pixels of the mask, where a reflection fades out."""
HEIGHT = 160
"""Height of the object in pixels at which its mirror image is looked for."""
MAX_ASPECT = 4.0
"""Width of the mask as a multiple of its height: in a wider one a mirror image is too low to tell."""
LOWEST, HIGHEST = 0.05, 0.5
"""Height of a mirror image, as a fraction of the mask's: less shows nothing, more is the object."""
MIN_STRENGTH, MAX_STRENGTH = 0.06, 0.8
"""How much of the object's colour it has, the rest being the ground's: what has all of it is the object."""
MIN_EXPLAINED = 0.85
"""Fraction of its variance, about the ground's colour, that the mirrored object explains..."""
MIN_DETAIL = 0.45
"""...and correlation of its detail with the object's: without detail, a grey foot under a black column is alike..."""
MIN_DOUBT = 0.93
"""...and in doubt only if this much of its variance is explained,"""
DOUBT_SHAPE, DOUBT_EXPLAINED, DOUBT_DETAIL = 0.88, 0.6, 0.25
"""or if its outline is the object's this closely, with some of its variance and of its detail: on an uneven ground."""
MIN_SHAPE = 0.75
"""Intersection over union with the mirrored mask."""


@dataclass(frozen=True)
class Reflection:
    """`where`: (H, W), the mirror image within the mask. `certain`: whether its detail shows that it is one."""

    where: Mask
    certain: bool


@dataclass(frozen=True)
class _Match:
    row: int
    shape: float
    explained: float
    detail: float

    @property
    def certain(self) -> bool:
        return self.explained >= MIN_EXPLAINED and self.detail >= MIN_DETAIL

    @property
    def possible(self) -> bool:
        outlined = self.shape >= DOUBT_SHAPE and self.detail >= DOUBT_DETAIL
        return self.certain or self.explained >= MIN_DOUBT or outlined

    @property
    def score(self) -> tuple[bool, bool, float]:
        return self.certain, self.possible, self.explained + max(self.detail, 0.0) / 2.0


def find_reflection(picture: NDArray[np.uint8], mask: Floats) -> Reflection | None:
    """The mirror image below the object of an (H, W) opacity in an RGB picture (H, W, 3); None if there is none."""
    small, inside = reduce(picture, mask, SIDE)
    rows = np.flatnonzero(inside.any(axis=1))
    if not rows.size:
        return None
    columns = np.flatnonzero(inside.any(axis=0))
    part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    color = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 1.0)
    ground = estimate_background(np.asarray(color, np.float32), inside, MARGIN)
    scale = HEIGHT / (rows[-1] + 1 - rows[0])
    if columns[-1] + 1 - columns[0] > MAX_ASPECT * (rows[-1] + 1 - rows[0]):
        return None
    size = max(4, round((columns[-1] + 1 - columns[0]) * scale)), HEIGHT
    resized = [cv2.resize(values[part], size, interpolation=cv2.INTER_AREA) for values in (color, ground)]
    shape = cv2.resize(inside[part].astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0
    match = _best_line(np.asarray(resized[0]), np.asarray(resized[1]), shape)
    if match is None or not match.possible:
        return None
    top = round((rows[0] + match.row / scale) * mask.shape[0] / small.shape[0])
    where = np.zeros(mask.shape, np.bool_)
    where[top:] = mask[top:] > OPAQUE
    return Reflection(where, match.certain)


def _best_line(color: Floats, ground: Floats, inside: Mask) -> _Match | None:
    """The row at which what is below looks most like what is above, mirrored."""
    lines = range(round((1.0 - HIGHEST) * HEIGHT), round((1.0 - LOWEST) * HEIGHT))
    matches = [match for row in lines if (match := _match(color, ground, inside, row)) is not None]
    return max(matches, key=lambda match: match.score, default=None)


def _match(color: Floats, ground: Floats, inside: Mask, row: int) -> _Match | None:
    length = HEIGHT - row
    below, above = slice(row, HEIGHT), slice(row - 1, row - 1 - length if row > length else None, -1)
    shared = inside[below] & inside[above]
    alike = iou(inside[below], inside[above])
    if alike < MIN_SHAPE:
        return None
    seen = (color[below] - ground[below])[shared]
    mirrored = (color[above] - ground[below])[shared]
    depth = (np.nonzero(shared)[0] / length).astype(np.float32)[:, None]
    terms = np.stack([mirrored.ravel(), (depth * mirrored).ravel()], axis=1)
    strength, fall = np.linalg.lstsq(terms, seen.ravel(), rcond=None)[0]
    fitted = strength * mirrored + fall * depth * mirrored
    explained = 1.0 - float(((seen - fitted) ** 2).sum() / max(float((seen**2).sum()), 1e-6))
    mean = float(strength + 0.5 * fall)
    if explained < DOUBT_EXPLAINED or not MIN_STRENGTH < mean < MAX_STRENGTH or strength > 1.0:
        return None
    return _Match(row, alike, explained, _correlation(_detail(color[below], shared), _detail(color[above], shared)))


def _detail(color: Floats, shared: Mask) -> Floats:
    """The colours' distance from their mean in the neighbourhood, well within the mask."""
    inner = cv2.erode(shared.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    weight = shared.astype(np.float32)[..., None]
    mean = cv2.GaussianBlur(color * weight, (0, 0), 6.0) / (cv2.GaussianBlur(weight, (0, 0), 6.0)[..., None] + 1e-6)
    return np.asarray((color - mean)[inner], np.float32).ravel()


def _correlation(first: Floats, second: Floats) -> float:
    if not first.size:
        return 0.0
    first, second = first - first.mean(), second - second.mean()
    return float(first @ second / max(float(np.linalg.norm(first) * np.linalg.norm(second)), 1e-6))
