"""Opens gaps between thin parts, such as the legs of a chair, where the mask took the background for the object."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats
from ml.core.masks import OPAQUE, Mask
from ml.photo.surroundings import disk, enlarge, estimate_background, reduce

MARGIN = 20
"""The background is not looked for within so many pixels of the mask: edges are soft, and shadows fade out."""
RING = 60
"""Within so many pixels around the mask it is checked how well the background is predicted."""
SMOOTHING = 1.0
"""Standard deviation in pixels that averages out noise."""
SPREAD, MIN_TOLERANCE, MAX_TOLERANCE = 3.0, 3.0, 12.0
"""A gap's colour may differ from the predicted background by SPREAD times the median error around the object, in levels
(of 255) between the limits: where the error is larger, the background behind the object is not known."""
CONTRAST = 24.0
"""Levels by which the colours differ where one thing ends and another begins."""
OPENING = 2
"""Radius in pixels: thinner strips are edges."""
EDGE = 5
"""Width in pixels of the edge around a gap."""
MIN_SAME = 0.7
"""Fraction of a gap that has the predicted colour: the rest may differ by half the contrast, as shades do."""
EDGE_WIDTH = 8
"""Width in pixels (of 1024) within which the opacity around a gap follows the colours: the mask is coarse there."""
MIN_GAP = 0.002
"""Area of the smallest gap, as a fraction of the mask's."""
MIN_CLEAR = 0.75
"""Fraction of a gap's edge that is clearly an edge: a part of the object in the background's colour has shading."""
THIN = 0.06
"""Thickness of thin parts, as a fraction of the mask's longer side..."""
MIN_THIN = 0.35
"""...which make up this fraction of a gap's edge: a white label on a bottle is no gap before a white wall."""
MAX_CANDIDATES = 40
"""More areas in the background's colour than this are a pattern."""


def find_gaps(picture: NDArray[np.uint8], mask: Floats) -> Mask | None:
    """Where the (H, W) opacity of an object in an RGB picture (H, W, 3) is a gap in it; None if there is none.

    A gap has the colour of the background that its surroundings predict, ends at clear edges, and is parted from the
    background, or from another gap, by thin parts.
    """
    small, inside = reduce(picture, mask)
    smooth = np.asarray(cv2.GaussianBlur(small.astype(np.float32), (0, 0), SMOOTHING), np.float32)
    difference = np.abs(smooth - estimate_background(smooth, inside, MARGIN)).max(axis=2)
    tolerance = _tolerance(difference, inside)
    if tolerance is None:
        return None
    found = _gaps(inside, difference, tolerance)
    return enlarge(found, mask.shape) if found.any() else None


def open_gaps(picture: NDArray[np.uint8], mask: Floats, gaps: Mask) -> Floats:
    """The opacity with its gaps empty and their edges where the picture's are."""
    width = max(2, round(EDGE_WIDTH * max(mask.shape) / 1024))
    near = cv2.dilate(gaps.astype(np.uint8), disk(width)) > 0
    background = cv2.blur(picture.astype(np.float32) * gaps[..., None], (8 * width + 1, 8 * width + 1))
    weight = cv2.blur(gaps.astype(np.float32), (8 * width + 1, 8 * width + 1))[..., None]
    difference = np.abs(picture - background / np.maximum(weight, 1e-6)).max(axis=2).astype(np.float32)
    contrast = cv2.dilate(np.where(gaps, np.float32(0.0), difference), disk(width))
    alpha = (2.0 * difference / np.maximum(contrast, CONTRAST) - 0.5).clip(0.0, 1.0)
    around = cv2.dilate(near.astype(np.uint8), disk(2 * width)) > 0
    gaps = gaps | (around & (mask < OPAQUE) & (difference < CONTRAST / 2.0))  # haze that the mask had there
    return np.where(gaps, np.float32(0.0), np.where(near, alpha, mask)).astype(np.float32)


def _tolerance(difference: Floats, inside: Mask) -> float | None:
    """By how many levels a gap may differ from the predicted background; None if that is not known."""
    distance = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 3)
    ring = (distance > 3.0) & (distance < RING)
    if not ring.any() or not inside.any():
        return None
    tolerance = SPREAD * float(np.median(difference[ring]))
    return max(MIN_TOLERANCE, tolerance) if tolerance <= MAX_TOLERANCE else None


def _gaps(inside: Mask, difference: Floats, tolerance: float) -> Mask:
    alike = cv2.morphologyEx((inside & (difference < CONTRAST / 2.0)).astype(np.uint8), cv2.MORPH_OPEN, disk(OPENING))
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(alike)
    areas = statistics[:, cv2.CC_STAT_AREA]
    same = np.bincount(labels[difference < tolerance], minlength=count)
    candidates = np.flatnonzero((areas >= MIN_GAP * inside.sum()) & (same >= MIN_SAME * areas))
    found = np.zeros_like(inside)
    if len(candidates) > MAX_CANDIDATES:
        return found
    clear = inside & (difference > CONTRAST)
    parts = {label: labels == label for label in candidates if label}
    while accepted := [label for label, part in parts.items() if _is_gap(part, inside & ~found, clear)]:
        for label in accepted:
            found |= parts.pop(label)
    return found


def _is_gap(part: Mask, solid: Mask, clear: Mask) -> bool:
    """Whether clear edges bound the part, many of them those of thin parts of the rest."""
    wide = cv2.dilate(part.astype(np.uint8), disk(EDGE))
    ring = wide > cv2.dilate(part.astype(np.uint8), disk(EDGE - 1))
    if clear[ring].mean() < MIN_CLEAR:
        return False
    rest = solid & ~part
    return bool((_is_thin(rest) & clear)[ring].mean() >= MIN_THIN)


def _is_thin(inside: Mask) -> Mask:
    """Where the mask is thinner than THIN of its length (a morphological opening, by distances)."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    radius = THIN * max(np.ptp(rows), np.ptp(columns)) / 2.0
    core = cv2.distanceTransform(np.pad(inside, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1] > radius
    distance = cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(inside & (distance > radius + 1.0))
