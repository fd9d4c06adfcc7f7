"""Finds a shadow with sharp edges on the ground, where the mask took it for a part of the object.

Unlike a soft shadow (`ml.photo.shadow`) it looks like a thing of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats
from ml.core.masks import Mask
from ml.photo.surroundings import disk, enlarge, estimate_background, reduce

SIDE = 512
"""Longer side in pixels at which it is looked for: lengths are pixels of it."""
SMOOTHING = 1.0
"""Standard deviation in pixels that averages out noise."""
MARGIN = 6
"""The ground is not looked for within so many pixels of the mask, whose edge is soft."""
BRIGHTEST, DARKEST = 0.92, 0.1
"""Brightness in the shadow, as a fraction of the lit ground's: in darker colours nothing can be told apart."""
SAME_COLOR = 0.07
"""By how much a channel may differ from the darkened ground, as a fraction of the brightest channel..."""
NOISE = 2.0
"""...beyond so many levels (of 255)."""
OPENING = 2
"""Radius in pixels: thinner strips are edges."""
MIN_AREA, MAX_AREA = 0.01, 0.4
"""Fractions of the mask's area."""
HIGHEST, LOWEST = 0.6, 0.9
"""A shadow begins below the first fraction of the mask's height and reaches down to the second."""
MIN_FLAT = 1.5
"""Width of a shadow that lies on the ground, as a multiple of its height."""
MAX_MEDIAN = 0.8
"""Median brightness of it."""
MIN_FILLED = 0.5
"""Fraction of its convex hull that a shadow fills: the lower half of a tyre does not."""
MIN_SIDEWAYS = 0.2
"""Fraction of its columns in which nothing of the object is above it: a foot carries something."""
COLORED, CLOSE = 0.2, 0.01
"""Saturation of the ground, and median deviation from its colour, that make sure: on a grey ground a grey thing has the
colour of a shadow..."""
RING, MAX_ERROR = 20, 0.06
"""...and the median error of the predicted ground within so many pixels of the mask, as a fraction of its level."""
DOUBTFUL = 0.02
"""Median deviation from the ground's colour up to which what is wider than the object above it may be a shadow: beyond,
it is a foot."""


@dataclass(frozen=True)
class HardShadow:
    """`certain`, `possible`: (H, W) where a part of the mask is a shadow, or may be one."""

    certain: Mask
    possible: Mask


def find_hard_shadow(picture: NDArray[np.uint8], mask: Floats) -> HardShadow:
    """Shadows within the (H, W) opacity of an object in an RGB picture (H, W, 3)."""
    small, inside = reduce(picture, mask, SIDE)
    smooth = np.asarray(cv2.GaussianBlur(small.astype(np.float32), (0, 0), SMOOTHING), np.float32)
    ground = np.maximum(estimate_background(smooth, inside, MARGIN), 1.0)
    brightness = (smooth * ground).sum(axis=2) / (ground**2).sum(axis=2)
    level = brightness * ground.max(axis=2)
    deviation = np.asarray(np.abs(smooth - brightness[..., None] * ground).max(axis=2), np.float32)
    tint = np.asarray(np.maximum(deviation - NOISE, 0.0) / np.maximum(level, 1.0), np.float32)
    dark = (tint < SAME_COLOR) & (brightness > DARKEST) & (brightness < BRIGHTEST) & inside
    saturation, known = 1.0 - ground.min(axis=2) / ground.max(axis=2), _is_known(smooth, ground, inside)
    certain, possible = np.zeros_like(inside), np.zeros_like(inside)
    for part in _parts(dark, inside):
        if np.median(brightness[part]) > MAX_MEDIAN:
            continue
        alike = known and np.median(tint[part]) < CLOSE
        if alike and np.median(saturation[part]) > COLORED:
            certain |= _grow(part) & dark
        elif alike or (np.median(tint[part]) < DOUBTFUL and _sticks_out(part, inside)):
            possible |= part
    return HardShadow(enlarge(certain, mask.shape), enlarge(possible, mask.shape))


def _is_known(picture: Floats, ground: Floats, inside: Mask) -> bool:
    """Whether the ground around the object is as predicted."""
    distance = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 3)
    ring = (distance > 3.0) & (distance < RING)
    error = np.asarray(np.abs(picture - ground).max(axis=2) / ground.max(axis=2), np.float32)
    return bool(ring.any() and np.median(error[ring]) < MAX_ERROR)


def _sticks_out(part: Mask, inside: Mask) -> bool:
    """Whether the part is wider than what stands on it."""
    first = np.where(part.any(axis=0), part.argmax(axis=0), 0)
    above = inside & (np.arange(len(inside))[:, None] < first - 2 * OPENING)
    free, columns = np.flatnonzero(~above.any(axis=0)), np.flatnonzero(part.any(axis=0))
    return bool(np.isin(columns, free).sum() >= MIN_SIDEWAYS * len(columns))


def _parts(dark: Mask, inside: Mask) -> list[Mask]:
    """What lies flat at the bottom of the mask."""
    opened = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, disk(OPENING))
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(opened)
    rows = np.flatnonzero(inside.any(axis=1))
    if not rows.size:
        return []
    height, total = rows[-1] + 1 - rows[0], inside.sum()
    parts = []
    for label in range(1, count):
        _, top, width, length, area = statistics[label]
        first, last = (top - rows[0]) / height, (top + length - rows[0]) / height
        flat = first >= HIGHEST and last >= LOWEST and width >= MIN_FLAT * length
        if flat and MIN_AREA * total <= area <= MAX_AREA * total and area >= MIN_FILLED * _hull_area(labels == label):
            parts.append(labels == label)
    return parts


def _hull_area(part: Mask) -> float:
    return float(cv2.contourArea(cv2.convexHull(cv2.findNonZero(part.astype(np.uint8)))))


def _grow(part: Mask) -> Mask:
    return np.asarray(cv2.dilate(part.astype(np.uint8), disk(OPENING + 1)) > 0)
