"""A mask at the photo's full resolution: the network's, whose edges are as coarse as its input, follows the colours."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats

NETWORK_SIDE = 320
"""Side of u2netp's input in pixels: one of its pixels is the scale of what it cannot see."""
BAND = 4.0
"""Width of the uncertain band on each side of the edge, in pixels of the network."""
MIN_BAND, MAX_BAND = 2, 24
"""The same in pixels of the photo: more only costs time."""
SMOOTHNESS = 1e-3
"""Variance of a colour (0 to 1) below which an area counts as plain: sensor noise has less."""
KNOWN = 0.95
"""Opacity above which, or below 1 minus which, a pixel outside the band is known."""
STEEPNESS = 2.0
"""Factor on the refined opacity's distance from one half: the filter's edge is about twice as soft as the network's,
and a model's silhouette is hard."""


def refine(picture: NDArray[np.uint8], mask: Floats, side: int) -> Floats:
    """(H, W, 3) picture and (H, W) opacity -> opacity whose edge follows the picture's.

    `side`: longer side in pixels of the part of the picture that the network saw. Method: the guided filter (He, Sun
    and Tang 2013) of a trimap, by colour.
    """
    radius = int(np.clip(BAND * side / NETWORK_SIDE, MIN_BAND, MAX_BAND))
    guide = picture.astype(np.float32) / np.float32(255.0)
    alpha = 0.5 + STEEPNESS * (_guided(guide, mask, radius) - 0.5)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    sure = cv2.erode((mask > KNOWN).astype(np.uint8), kernel) > 0
    outside = cv2.dilate((mask > 1.0 - KNOWN).astype(np.uint8), kernel) == 0
    return np.where(sure, np.float32(1.0), np.where(outside, np.float32(0.0), alpha)).clip(0.0, 1.0).astype(np.float32)


def _guided(guide: Floats, mask: Floats, radius: int) -> Floats:
    """In each window the mask is a linear function of the colour, fitted with a penalty on steep ones."""

    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.boxFilter(values, -1, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REFLECT))

    color, opacity = [np.ascontiguousarray(guide[..., channel]) for channel in range(3)], mean(mask)
    average = [mean(channel) for channel in color]
    shared = [mean(color[i] * mask) - average[i] * opacity for i in range(3)]
    rr, rg, rb, gg, gb, bb = (
        mean(color[i] * color[j]) - average[i] * average[j] + np.float32(SMOOTHNESS if i == j else 0.0)
        for i in range(3)
        for j in range(i, 3)
    )
    # The inverse of the symmetric 3 x 3 covariance, by its cofactors.
    first, second, third = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    fourth, fifth, sixth = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    determinant = rr * first + rg * second + rb * third
    r, g, b = (channel / determinant for channel in shared)
    slope = (
        first * r + second * g + third * b,
        second * r + fourth * g + fifth * b,
        third * r + fifth * g + sixth * b,
    )
    offset = opacity - sum(slope[i] * average[i] for i in range(3))
    return np.asarray(sum(mean(slope[i]) * color[i] for i in range(3)) + mean(offset), np.float32)
