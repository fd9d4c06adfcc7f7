"""The materials of an object: few colours, each with the brightness of what the photo shows of it in full light.

Colours that differ mainly in brightness are one material: near the silhouette, most of what is darker lies in shade.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats

CLUSTERS = 8
"""Clusters of k-means, before those alike are joined."""
ROUNDS = 6
"""Steps of k-means."""
LIGHTNESS_WEIGHT = 0.4
"""Weight of CIE L* next to a* and b*: light changes lightness far more than hue."""
HUE_LIGHTNESS, DARKEST = 60.0, 25.0
"""a* and b* are compared as if all colours had the first L*; those below the second have hardly a hue."""
SAME = 14.0
"""Distance between two clusters below which they are one material: 35 of L*, a light of half or double the strength."""
BRIGHT = (40.0, 90.0)
"""Percentiles of a material's brightness between which its colour is averaged: neither shade nor highlights."""


@dataclass(frozen=True)
class Materials:
    """`color` (M, 3) sRGB of the materials, `label` (N,) that of each given colour."""

    color: Floats
    label: NDArray[np.int64]


def find(colors: Floats, weight: Floats) -> Materials:
    """The materials of (N, 3) sRGB colours; those of higher `weight` (N,) count more."""
    features = _features(colors)
    centers = _joined(*_cluster(features, weight))
    label = nearest(features, centers)
    used, label = np.unique(label, return_inverse=True)
    found = [_bright_mean(colors[label == number], weight[label == number]) for number in range(len(used))]
    return Materials(np.stack(found), label)


def _features(colors: Floats) -> NDArray[np.float64]:
    """(N, 3) what materials are told apart by: weighted L*, and a* and b* at one lightness."""
    lab = cv2.cvtColor(np.ascontiguousarray(colors[None], np.float32), cv2.COLOR_RGB2LAB)[0].astype(np.float64)
    scale = HUE_LIGHTNESS / np.maximum(lab[:, :1], DARKEST)
    return np.concatenate([lab[:, :1] * LIGHTNESS_WEIGHT, lab[:, 1:] * scale], axis=1)


def _cluster(features: NDArray[np.float64], weight: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(K, 3) centres by weighted k-means, the first ones far apart, and (K,) the weight of each."""
    centers = np.average(features, axis=0, weights=weight)[None]
    for _ in range(CLUSTERS - 1):
        farthest = (squared_distances(features, centers).min(axis=1) * weight).argmax()
        centers = np.concatenate([centers, features[farthest][None]])
    for _ in range(ROUNDS):
        label = nearest(features, centers)
        total = np.bincount(label, weight, CLUSTERS).astype(np.float64)
        sums = np.stack([np.bincount(label, weight * column, CLUSTERS) for column in features.T], axis=1)
        centers = np.where(total[:, None] > 0, sums / np.maximum(total, 1e-9)[:, None], centers)
    return centers[total > 0], total[total > 0]


def _joined(centers: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """The centres with the two nearest joined until all are SAME apart."""
    while len(centers) > 1:
        distance = squared_distances(centers, centers) + np.diag(np.full(len(centers), np.inf))
        one, other = np.unravel_index(distance.argmin(), distance.shape)
        if distance[one, other] > SAME**2:
            break
        both = weight[[one, other]]
        centers[one], weight[one] = np.average(centers[[one, other]], axis=0, weights=both), both.sum()
        centers, weight = np.delete(centers, other, axis=0), np.delete(weight, other)
    return centers


def _bright_mean(colors: Floats, weight: Floats) -> Floats:
    """(3,) mean of those colours whose brightness lies between the percentiles of BRIGHT."""
    brightness = colors.sum(axis=1)
    low, high = np.percentile(brightness, BRIGHT, method="nearest")
    chosen = (brightness >= low) & (brightness <= high)
    return np.asarray(np.average(colors[chosen], axis=0, weights=weight[chosen]), np.float32)


def nearest(features: NDArray[np.float64], centers: NDArray[np.float64]) -> NDArray[np.int64]:
    """(N,) which of the (K, C) centres is the nearest to each of the (N, C) features."""
    return np.asarray(squared_distances(features, centers).argmin(axis=1))


def squared_distances(features: NDArray[np.float64], centers: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, K) of (N, C) features to (K, C) centres."""
    return np.stack([((features - center) ** 2).sum(axis=1) for center in centers], axis=1)
