"""What the background behind an object looks like, estimated from its surroundings."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats
from ml.core.masks import OPAQUE, Mask

SIDE = 1024
"""Longer side in pixels at which soft shadows and gaps are looked for: lengths are pixels of it."""
BACKGROUND_SIDE = 128
"""Longer side at which the background behind the object is estimated from its surroundings."""
BACKGROUND_REACH = (4.0, 10.0, 30.0)
"""Standard deviations in pixels of that size over which it is averaged: wider ones where nothing is near."""


def reduce(picture: NDArray[np.uint8], mask: Floats, side: int = SIDE) -> tuple[NDArray[np.uint8], Mask]:
    """Picture (H, W, 3) and where its opacity (H, W) shows the object, at most `side` pixels long."""
    height, width = mask.shape
    scale = min(1.0, side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), cv2.resize(mask, size, interpolation=cv2.INTER_AREA) > OPAQUE


def enlarge(found: Mask, shape: tuple[int, ...]) -> Mask:
    """The reduced mask at the picture's own (H, W)."""
    size = shape[1], shape[0]
    return np.asarray(cv2.resize(found.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0)


def estimate_background(picture: Floats, inside: Mask, margin: float) -> Floats:
    """(H, W, 3): the colours further than `margin` pixels from the object, continued behind it."""
    height, width = inside.shape
    scale = BACKGROUND_SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    outside = (~inside).astype(np.uint8)
    known = (cv2.distanceTransform(outside, cv2.DIST_L2, 3) > margin).astype(np.float32)
    weight = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    color = cv2.resize(picture * known[..., None], size, interpolation=cv2.INTER_AREA)
    result, certain = np.zeros_like(color), np.zeros((*weight.shape, 1), np.float32)
    for reach in BACKGROUND_REACH:
        near = cv2.GaussianBlur(weight, (0, 0), reach)[..., None]
        mean = cv2.GaussianBlur(color, (0, 0), reach) / np.maximum(near, 1e-6)
        result = certain * result + (1.0 - certain) * mean
        certain = np.maximum(certain, (10.0 * near).clip(0.0, 1.0))
    return np.asarray(cv2.resize(result, (width, height), interpolation=cv2.INTER_LINEAR))


def disk(radius: int) -> NDArray[np.uint8]:
    """A round kernel for morphology."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
