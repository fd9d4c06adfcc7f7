"""Density on a fine grid, sampled only where the surface passes.

A grid of n cells per axis has (n + 1)^3 points over the cube [-radius, radius]^3, index order x, y, z.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ml.scene.protocol import Scene
from ml.scene.query import densities

COARSE_CELLS = 64
"""Cells per axis of the grid that is always sampled in full."""

Grid = NDArray[np.float32]
Flags = NDArray[np.bool_]
Ids = NDArray[np.int64]
OnStep = Callable[[float], None]


def sample(scene: Scene, cells: int, threshold: float, on_step: OnStep | None = None) -> Grid:
    """(cells + 1)^3 densities: exact in every cell that the surface passes, elsewhere only on the right side of it.

    From at most `COARSE_CELLS` the grid doubles until it is fine enough. A coarse cell is refined when the threshold
    is within twice its range of densities, and so is a neighbour across a face that the surface crosses: a part too
    thin for the coarse grid is followed from where it joins a thicker one.
    Raises ReconstructionError(`empty_scene`) when a density is not a number.
    """
    doublings = 0
    while (COARSE_CELLS << doublings) < cells:
        doublings += 1
    coarse = -(-cells >> doublings)
    spacing = 2.0 * scene.radius / cells * (1 << doublings)
    values = _query(scene, _all_ids(coarse), coarse, spacing).reshape((coarse + 1,) * 3)
    refined = _near_surface(values, threshold)
    for level in range(doublings):
        if on_step:
            on_step((level + 1) / (doublings + 1))
        if level > 0:
            refined = _crossed(values > threshold)
        spacing /= 2.0
        values = _refine(scene, values, refined, threshold, spacing)
    return values[: cells + 1, : cells + 1, : cells + 1]


def _query(scene: Scene, ids: Ids, cells: int, spacing: float) -> NDArray[np.float32]:
    """Densities at flat indices of grid points; those of a grid that overhangs the cube are moved to its boundary."""
    index = np.stack(np.unravel_index(ids, (cells + 1,) * 3), axis=1)
    points = (index * spacing - scene.radius).clip(-scene.radius, scene.radius)
    return densities(scene, points.astype(np.float32))


def _all_ids(cells: int) -> Ids:
    return np.arange((cells + 1) ** 3, dtype=np.int64)


def _refine(scene: Scene, coarse: Grid, refined: Flags, threshold: float, spacing: float) -> Grid:
    """The grid with twice the cells: new densities in the `refined` cells and wherever the surface leads from them."""
    cells = 2 * (coarse.shape[0] - 1)
    values = _upsample(coarse)
    known = np.zeros(values.shape, bool)
    known[::2, ::2, ::2] = True
    fresh = np.flatnonzero(refined)
    known_flat, values_flat = known.reshape(-1), values.reshape(-1)
    while len(fresh):
        points = _points_of(fresh, cells)
        unknown = _unique(points[~known_flat[points]], values.size)
        values_flat[unknown] = _query(scene, unknown, cells, spacing)
        known_flat[unknown] = True
        fresh = _follow_surface(fresh, values_flat[points] > threshold, refined)
    return values


def _unique(ids: Ids, size: int) -> Ids:
    """The distinct ids below `size`; several times as fast as np.unique, which sorts."""
    last = np.empty(size, np.int32)
    order = np.arange(len(ids), dtype=np.int32)
    last[ids] = order
    return np.asarray(ids[last[ids] == order])


def _upsample(coarse: Grid) -> Grid:
    """New points take the value of the old one before them: on the right side of the surface in an uncrossed cell."""
    size = 2 * coarse.shape[0] - 1
    stretched = np.empty((*coarse.shape[:2], size), np.float32)
    stretched[..., ::2], stretched[..., 1::2] = coarse, coarse[..., :-1]
    before = np.arange(size) // 2
    return np.asarray(stretched[before[:, None], before[None]])


def _points_of(coarse_cells: Ids, cells: int) -> Ids:
    """(K, 27) flat indices in the grid of `cells` of the 3 x 3 x 3 points of K coarse cells, x slowest."""
    corner = np.stack(np.unravel_index(coarse_cells, (cells // 2,) * 3), axis=1) * 2
    steps = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    strides = np.array([(cells + 1) ** 2, cells + 1, 1], dtype=np.int64)
    return np.asarray((corner @ strides)[:, None] + steps @ strides)


def _follow_surface(cells: Ids, inside: Flags, refined: Flags) -> Ids:
    """Neighbours of `cells` that are not refined yet, across a face that the surface crosses; marks them as refined."""
    count = refined.shape[0]
    position = np.stack(np.unravel_index(cells, refined.shape), axis=1)
    cube = inside.reshape(-1, 3, 3, 3)
    found = []
    for axis in range(3):
        for side, step in ((0, -1), (2, 1)):
            face = np.take(cube, side, axis=axis + 1).reshape(len(cells), 9)
            neighbour = position[face.any(axis=1) & ~face.all(axis=1)].copy()
            neighbour[:, axis] += step
            neighbour = neighbour[(neighbour[:, axis] >= 0) & (neighbour[:, axis] < count)]
            found.append(np.ravel_multi_index(tuple(neighbour.T), refined.shape))
    fresh = np.unique(np.concatenate(found))
    fresh = fresh[~refined.reshape(-1)[fresh]]
    refined.reshape(-1)[fresh] = True
    return np.asarray(fresh)


def _crossed(inside: Flags) -> Flags:
    """Cells with corners on both sides of the surface."""
    some, every = inside, inside
    for axis in range(3):
        low, high = _neighbours(axis)
        some, every = some[low] | some[high], every[low] & every[high]
    return np.asarray(some & ~every)


def _near_surface(values: Grid, threshold: float) -> Flags:
    """Cells whose range of densities, extended by its own length to either side, contains the threshold."""
    lowest, highest = values, values
    for axis in range(3):
        low, high = _neighbours(axis)
        lowest, highest = np.minimum(lowest[low], lowest[high]), np.maximum(highest[low], highest[high])
    extent = highest - lowest
    return np.asarray((lowest - extent <= threshold) & (highest + extent >= threshold))


def _neighbours(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Indices of all points but the last along an axis, and of all but the first."""
    low, high = [slice(None)] * 3, [slice(None)] * 3
    low[axis], high[axis] = slice(None, -1), slice(1, None)
    return tuple(low), tuple(high)
