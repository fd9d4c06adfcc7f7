"""Masks (H, W): how well two of them match, how far a pixel is from their edge, and the nearest marked pixel."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats

Mask = NDArray[np.bool_]

OPAQUE = 0.5
"""Opacity above which a pixel belongs to the object."""


def iou(first: Mask, second: Mask) -> float:
    """Intersection over union of two masks or occupancy grids of the same shape; 0 where both are empty."""
    union = int((first | second).sum())
    return float((first & second).sum()) / union if union else 0.0


def nearest_index(known: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of the nearest known pixel, each (H, W)."""
    _, label = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    position = np.zeros(int(label.max()) + 1, dtype=np.int64)
    position[label[known]] = np.flatnonzero(known)
    row, column = np.unravel_index(position[label], known.shape)
    return np.asarray(row), np.asarray(column)


def silhouette_sdf(alpha: NDArray[Any]) -> Floats:
    """(S, S) opacity -> (S, S) signed distance in pixels to where the opacity is one half, positive inside.

    Measured at twice the resolution, so that a soft edge places the silhouette to a fraction of a pixel.
    """
    size = alpha.shape[0]
    double = cv2.resize(alpha, (2 * size, 2 * size), interpolation=cv2.INTER_LINEAR)
    inside = np.pad((double > 0.5).astype(np.uint8), 1)
    signed = (_edge_distance(inside) - _edge_distance(1 - inside))[1:-1, 1:-1]
    return np.asarray(cv2.resize(signed / 2.0, (size, size), interpolation=cv2.INTER_AREA), dtype=np.float32)


def _edge_distance(mask: NDArray[np.uint8]) -> Floats:
    """Distance in pixels from the centre of each marked pixel to the edge of the mask: 0.5 for those at the edge."""
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.where(mask > 0, distance - 0.5, 0.0), dtype=np.float32)
