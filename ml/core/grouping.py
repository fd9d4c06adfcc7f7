"""Sums of rows that belong together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats


def sums(index: NDArray[np.integer[Any]], values: NDArray[np.floating[Any]], count: int) -> Floats:
    """(count, C) sums of the rows of `values` (N, C) with the same `index` (N,)."""
    return np.stack([np.bincount(index, column, count) for column in values.T], axis=1).astype(np.float32)
