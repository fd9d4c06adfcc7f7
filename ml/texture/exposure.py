"""Photos of one object taken in different light: gains that even them out where two of them see the same surface."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

COMMON = 0.5
"""Trust that both photos need in a point before they are compared there."""
FEWEST = 50
"""Points that two photos must share to be compared."""
DARKEST = 0.04
"""Below it the ratio of two colours says nothing."""
MOST_GAIN = 1.4
"""A larger difference is hardly one of light."""
GENTLE = 0.02
"""Weight of gains staying at 1, beside the share that two photos have in common of what the lesser one sees."""

Floats = NDArray[np.float32]


class Looked(Protocol):
    """What a photo says of N points: `color` (N, 3) in [0, 1] and `trust` (N,)."""

    @property
    def color(self) -> Floats: ...

    @property
    def trust(self) -> Floats: ...


def gains(looks: Sequence[Looked]) -> Floats:
    """(P, 3) factors of each photo's sRGB channels; 1 for the first photo, which the others come near to.

    Least squares over the median log ratio of every two photos on what both see.
    """
    count = len(looks)
    rows, values = [np.sqrt(GENTLE) * np.eye(count)[1:]], [np.zeros((count - 1, 3))]
    for one, other in combinations(range(count), 2):
        weight, ratio = _compared(looks[one], looks[other])
        row = np.zeros((1, count))
        row[0, one], row[0, other] = weight, -weight
        rows.append(row)
        values.append(-weight * ratio[None])
    matrix, wanted = np.concatenate(rows)[:, 1:], np.concatenate(values)
    logs = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
    most = np.log(MOST_GAIN)
    return np.asarray(np.exp(np.concatenate([np.zeros((1, 3)), logs.clip(-most, most)])), np.float32)


def _compared(one: Looked, other: Looked) -> tuple[float, NDArray[np.float64]]:
    """Square root of the share that both see, and the (3,) median log ratio of their colours there."""
    first, second = one.trust > COMMON, other.trust > COMMON
    clear = first & second & (np.minimum(one.color, other.color).min(axis=1) > DARKEST)
    if int(clear.sum()) < FEWEST:
        return 0.0, np.zeros(3)
    ratio = np.median(np.log(one.color[clear]) - np.log(other.color[clear]), axis=0)
    share = clear.sum() / min(first.sum(), second.sum())
    return float(np.sqrt(share)), np.asarray(ratio, np.float64)
