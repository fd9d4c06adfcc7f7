"""Finds the shadow that an object casts on the ground, where the mask took it for a part of the object.

Lengths are pixels of a picture that is `ml.photo.surroundings.SIDE` long.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.core.images import Floats
from ml.core.masks import OPAQUE, Mask
from ml.photo.surroundings import disk, enlarge, estimate_background, reduce

SURROUNDINGS = 60
"""The background is not looked for within so many pixels of the mask, where the shadow fades out."""
SMOOTHING = 1.5
"""Standard deviation in pixels that averages out noise."""
SAME_COLOR = 0.07
"""By how much the channels may be darkened differently, as a fraction: a shadow keeps the ground's colour."""
BRIGHTEST, DARKEST = 1.06, 0.2
"""Brightness of the ground in a shadow, as a fraction of the lit ground's: more is no shadow, less is an object."""
SOFT = 3.0
"""Levels per pixel: a steeper step is an edge of the object, which ends the shadow."""
OPENING = 3
"""Radius in pixels: a thinner strip is a leak through the object's edge."""
MIN_OUTSIDE = 200
"""Pixels of a shadow that the mask leaves out: its rim, which no sharp edge parts from the rest."""
DARK, MIN_DARK_OUTSIDE = 0.96, 0.05
"""Brightness of that rim, and its area as a fraction of the shadow's inside the mask."""
MAX_MEDIAN = 0.9
"""Median brightness of the shadow inside the mask: an object of the ground's colour is about as bright as it."""
MAX_HEIGHT, MAX_AREA = 0.5, 0.4
"""Fractions of the mask's height and area: what reaches higher or is larger is the object."""
MIN_SHADOW = 0.002
"""Smallest area of a shadow, as a fraction of the object's."""

FAINT, SOLID = 0.9, 0.95
"""Relative opacity below which a transparent shadow lies, and above which an object is opaque."""
BLACK = 64
"""Levels (of 255) that its colour does not exceed."""
RIM = 2
"""Radius in pixels: the soft edge of an object is thinner."""


def find_shadow(picture: NDArray[np.uint8], mask: Floats) -> Mask | None:
    """Where the (H, W) opacity of an object in an RGB picture (H, W, 3) is a shadow; None if it has none."""
    small, inside = reduce(picture, mask)
    smooth = np.asarray(cv2.GaussianBlur(small.astype(np.float32), (0, 0), SMOOTHING), np.float32)
    shadow = _shadow(smooth, inside)
    if shadow.sum() < MIN_SHADOW * inside.sum() or not shadow.any():
        return None
    return enlarge(shadow, mask.shape)


def _shadow(picture: Floats, inside: Mask) -> Mask:
    ratio = picture / np.maximum(estimate_background(picture, inside, SURROUNDINGS), 8.0)
    brightness = ratio.mean(axis=2)
    tint = np.abs(ratio - brightness[..., None]).max(axis=2) / np.maximum(brightness, DARKEST)
    ground = (brightness < BRIGHTEST) & (brightness > DARKEST) & (tint < SAME_COLOR)
    kernel = disk(OPENING)
    soft = cv2.morphologyEx((ground & (_steepness(picture) < SOFT)).astype(np.uint8), cv2.MORPH_OPEN, kernel)
    labels, _ = ndimage.label(soft)
    chosen = np.flatnonzero(_are_shadows(labels, inside, brightness))
    found = np.isin(labels, chosen) & inside
    return np.asarray((cv2.dilate(found.astype(np.uint8), kernel) > 0) & inside & ground)


def _are_shadows(labels: NDArray[np.int32], inside: Mask, brightness: Floats) -> NDArray[np.bool_]:
    """For each label from 0 whether that part is a shadow, which goes on beyond the mask."""
    count = int(labels.max()) + 1
    within = np.bincount(labels[inside], minlength=count)
    beyond = np.bincount(labels[~inside], minlength=count)
    rim = np.bincount(labels[~inside & (brightness < DARK)], minlength=count)
    result = (within > 0) & (beyond >= np.maximum(MIN_OUTSIDE, within / 2.0)) & (rim >= MIN_DARK_OUTSIDE * within)
    result &= within <= MAX_AREA * inside.sum()
    result[0] = False
    rows = np.flatnonzero(inside.any(axis=1))
    highest = rows[-1] - MAX_HEIGHT * (rows[-1] - rows[0]) if rows.size else 0.0
    for label in np.flatnonzero(result):
        part = (labels == label) & inside
        result[label] = np.flatnonzero(part.any(axis=1))[0] >= highest and np.median(brightness[part]) <= MAX_MEDIAN
    return np.asarray(result)


def _steepness(picture: Floats) -> Floats:
    """(H, W): the steepest channel's change in levels per pixel."""
    across, down = (cv2.Sobel(picture, cv2.CV_32F, *order) / 8.0 for order in ((1, 0), (0, 1)))
    return np.asarray(np.hypot(across, down).max(axis=2))


def find_transparent_shadow(rgba: NDArray[np.uint8], opacity: Floats) -> Mask | None:
    """Where the (H, W) opacity of a picture (H, W, 4) that was cut out is a soft black shadow; None if it has none."""
    solid = opacity > SOLID
    faint = (opacity > 0.0) & (opacity < FAINT) & (rgba[..., :3].max(axis=2) < BLACK)
    soft = cv2.morphologyEx(faint.astype(np.uint8), cv2.MORPH_OPEN, disk(RIM)) > 0
    if soft.sum() < MIN_SHADOW * max(int(solid.sum()), 1) or solid.sum() < 0.5 * (opacity > OPAQUE).sum():
        return None
    rows = np.flatnonzero(solid.any(axis=1))
    middle = (rows[0] + rows[-1]) // 2
    if soft[:middle].sum() > soft[middle:].sum():  # smoked glass, hair: not something below the object
        return None
    return np.asarray((cv2.dilate(soft.astype(np.uint8), disk(RIM + 1)) > 0) & faint)
