"""Gains that match the exposure of several photos of one object, from the surface points that two of them show."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats

MIN_CONFIDENCE = 0.5
"""Confidence above which a point counts as shown by a photo."""
MIN_SHARED_POINTS = 50
"""Points that two photos must both show to be compared."""
MIN_BRIGHTNESS = 0.04
"""sRGB value below which noise dominates the ratio of two colours."""
MAX_GAIN = 1.4
"""Larger differences are hardly ones of exposure."""
PRIOR_WEIGHT = 0.02
"""Weight of a gain of 1, relative to the fraction of points that two photos share."""


class Observed(Protocol):
    """What a photo shows of N points: `color` (N, 3) in [0, 1] and `confidence` (N,) in [0, 1]."""

    @property
    def color(self) -> Floats: ...

    @property
    def confidence(self) -> Floats: ...


def gains(observations: Sequence[Observed]) -> Floats:
    """(P, 3) factors for the sRGB channels of each photo that match it to the first, whose factors are 1.

    Least squares over the median log ratio of each pair of photos on the points that both show.
    """
    count = len(observations)
    rows, values = [np.sqrt(PRIOR_WEIGHT) * np.eye(count)[1:]], [np.zeros((count - 1, 3))]
    for one, other in combinations(range(count), 2):
        weight, ratio = _compare(observations[one], observations[other])
        row = np.zeros((1, count))
        row[0, one], row[0, other] = weight, -weight
        rows.append(row)
        values.append(-weight * ratio[None])
    matrix, target = np.concatenate(rows)[:, 1:], np.concatenate(values)
    logs = np.linalg.lstsq(matrix, target, rcond=None)[0]
    limit = np.log(MAX_GAIN)
    return np.asarray(np.exp(np.concatenate([np.zeros((1, 3)), logs.clip(-limit, limit)])), np.float32)


def _compare(one: Observed, other: Observed) -> tuple[float, NDArray[np.float64]]:
    """The square root of the fraction of points that both show, and the (3,) median log ratio of their colours."""
    first, second = one.confidence > MIN_CONFIDENCE, other.confidence > MIN_CONFIDENCE
    shared = first & second & (np.minimum(one.color, other.color).min(axis=1) > MIN_BRIGHTNESS)
    if int(shared.sum()) < MIN_SHARED_POINTS:
        return 0.0, np.zeros(3)
    ratio = np.median(np.log(one.color[shared]) - np.log(other.color[shared]), axis=0)
    fraction = shared.sum() / min(first.sum(), second.sum())
    return float(np.sqrt(fraction)), np.asarray(ratio, np.float64)
