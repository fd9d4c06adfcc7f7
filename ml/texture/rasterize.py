"""Triangle rasterization on the CPU: which triangles cover a pixel centre, with barycentric coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MIN_AREA = 1e-12
"""Twice the area in square pixels below which a triangle counts as degenerate."""


@dataclass(frozen=True)
class Coverage:
    """P covered pixel centres: `pixel` (P,) flat row-major index, `face` (P,), `weights` (P, 3) barycentric."""

    pixel: NDArray[np.int64]
    face: NDArray[np.int64]
    weights: NDArray[np.float32]

    def interpolate(self, values: NDArray[np.floating[Any]], faces: NDArray[np.int32]) -> NDArray[np.float32]:
        """(V, C) values of vertices -> (P, C) float32 at the covered pixels."""
        corners = values.astype(np.float32)[faces[self.face]]
        return np.asarray(np.einsum("pk,pkc->pc", self.weights, corners), dtype=np.float32)


def rasterize(triangles: NDArray[np.floating[Any]], size: int) -> Coverage:
    """Every pixel centre inside triangles (F, 3, 2) in pixels (x right, y down) on a `size` x `size` grid.

    Scan conversion of all triangles at once: each row intersects the edges of a triangle, which gives the columns.
    A pixel appears once for each triangle that covers it. Either winding; degenerate triangles cover nothing.
    """
    corners = triangles.astype(np.float64)
    face, row = _rows(corners[..., 1], size)
    left, right = _span(corners[face], row.astype(np.float64) + 0.5)
    first = np.maximum(np.ceil(left - 0.5), 0).astype(np.int64)
    last = np.minimum(np.ceil(right - 0.5) - 1, size - 1).astype(np.int64)
    count = np.maximum(last - first + 1, 0)
    index = np.repeat(np.arange(len(row)), count)
    column = first[index] + _ramp(count)
    face, row = face[index], row[index]
    return _coverage(corners[face], face, row, column, size)


def _rows(y: NDArray[np.float64], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of a triangle and a pixel row whose centre line crosses it."""
    first = np.maximum(np.ceil(y.min(axis=1) - 0.5), 0).astype(np.int64)
    last = np.minimum(np.ceil(y.max(axis=1) - 0.5) - 1, size - 1).astype(np.int64)
    count = np.maximum(last - first + 1, 0)
    face = np.repeat(np.arange(len(y)), count)
    return face, first[face] + _ramp(count)


def _ramp(count: NDArray[np.int64]) -> NDArray[np.int64]:
    """0 … n-1 for each n in `count`, concatenated."""
    ends = np.cumsum(count)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - count, count)


def _span(corners: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the horizontal line at `y` (N,) enters and leaves its triangle (N, 3, 2); 0 and 0 where it misses."""
    left, right = np.full(len(y), np.inf), np.full(len(y), -np.inf)
    for start, end in ((0, 1), (1, 2), (2, 0)):
        a, b = corners[:, start], corners[:, end]
        rise = b[:, 1] - a[:, 1]
        fraction = (y - a[:, 1]) / np.where(rise == 0, 1.0, rise)
        crosses = (rise != 0) & (fraction >= 0) & (fraction <= 1)
        x = a[:, 0] + fraction * (b[:, 0] - a[:, 0])
        left = np.where(crosses, np.minimum(left, x), left)
        right = np.where(crosses, np.maximum(right, x), right)
    found = left <= right
    return np.where(found, left, 0.0), np.where(found, right, 0.0)


def _coverage(
    corners: NDArray[np.float64], face: NDArray[np.int64], row: NDArray[np.int64], column: NDArray[np.int64], size: int
) -> Coverage:
    point = np.stack([column + 0.5, row + 0.5], axis=1)
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    area = _cross(b - a, c - a)
    kept = np.abs(area) > MIN_AREA
    safe = np.where(kept, area, 1.0)
    second, third = _cross(point - a, c - a) / safe, _cross(b - a, point - a) / safe
    weights = np.stack([1.0 - second - third, second, third], axis=1).clip(0.0, 1.0).astype(np.float32)
    return Coverage((row * size + column)[kept], face[kept], weights[kept])


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
