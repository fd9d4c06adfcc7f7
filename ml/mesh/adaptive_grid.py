"""Density on a fine lattice, asked for only where the surface passes.

A lattice of n cells per axis has (n + 1)^3 points over the cube [-radius, radius]^3, index order x, y, z.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from ml.core.memory import free_memory
from ml.errors import ReconstructionError
from ml.scene.protocol import Scene

COARSEST = 64
"""Cells per axis that are always sampled in full."""
CHUNK = 1 << 17
"""Points per query: bounds the memory of a network's hidden layers to some tens of megabytes."""
ROOMY = 1 << 30
"""With fewer free bytes than this, a query has an eighth of the points."""
HUGE = 1e30

Lattice = NDArray[np.float32]
Flags = NDArray[np.bool_]
Ids = NDArray[np.int64]
OnStep = Callable[[float], None]


def sample(scene: Scene, cells: int, threshold: float, on_step: OnStep | None = None) -> Lattice:
    """(cells + 1)^3 densities: exact in every cell that the surface passes, elsewhere only on the right side of it.

    From `COARSEST` the lattice doubles until it is fine enough. A coarse cell is opened when the threshold lies within
    twice its range of densities, and so is the neighbour of an opened cell wherever the surface leaves through their
    common face: so a part too thin for the coarse lattice is followed from where it joins a thicker one.
    Raises ReconstructionError(`empty_scene`) when a density is not a number.
    """
    doublings = 0
    while (COARSEST << doublings) < cells:
        doublings += 1
    coarse = -(-cells >> doublings)
    span = 2.0 * scene.radius / cells * (1 << doublings)
    values = _query(scene, _all_ids(coarse), coarse, span).reshape((coarse + 1,) * 3)
    open_cells = _near(values, threshold)
    for level in range(doublings):
        if on_step:
            on_step((level + 1) / (doublings + 1))
        if level > 0:
            open_cells = _crossed(values > threshold)
        span /= 2.0
        values = _refined(scene, values, open_cells, threshold, span)
    return values[: cells + 1, : cells + 1, : cells + 1]


def densities(scene: Scene, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N,) densities at (N, 3) canonical points, in chunks. Raises ReconstructionError(`empty_scene`) on NaN."""
    parts = []
    chunk = CHUNK if free_memory() > ROOMY else CHUNK // 8
    with torch.inference_mode():
        for start in range(0, len(points), chunk):
            parts.append(scene.density(torch.from_numpy(points[start : start + chunk])).float().cpu().numpy())
    found = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    if np.isnan(found).any():
        raise ReconstructionError("empty_scene")
    return np.clip(found, -HUGE, HUGE)


def _query(scene: Scene, ids: Ids, cells: int, span: float) -> NDArray[np.float32]:
    """Densities at flat lattice indices; points beyond the cube (a lattice that overhangs it) ask at its wall."""
    index = np.stack(np.unravel_index(ids, (cells + 1,) * 3), axis=1)
    points = (index * span - scene.radius).clip(-scene.radius, scene.radius)
    return densities(scene, points.astype(np.float32))


def _all_ids(cells: int) -> Ids:
    return np.arange((cells + 1) ** 3, dtype=np.int64)


def _refined(scene: Scene, coarse: Lattice, open_cells: Flags, threshold: float, span: float) -> Lattice:
    """The lattice with twice the cells: densities of the open cells and of wherever the surface leads from there."""
    cells = 2 * (coarse.shape[0] - 1)
    values = _doubled(coarse)
    known = np.zeros(values.shape, bool)
    known[::2, ::2, ::2] = True
    fresh = np.flatnonzero(open_cells)
    known_flat, values_flat = known.reshape(-1), values.reshape(-1)
    while len(fresh):
        points = _points_of(fresh, cells)
        wanted = _distinct(points[~known_flat[points]], values.size)
        values_flat[wanted] = _query(scene, wanted, cells, span)
        known_flat[wanted] = True
        fresh = _led_to(fresh, values_flat[points] > threshold, open_cells)
    return values


def _distinct(ids: Ids, size: int) -> Ids:
    """Each of the ids below `size` once: every one claims its place, and only the last to do so keeps it."""
    claim = np.empty(size, np.int32)
    order = np.arange(len(ids), dtype=np.int32)
    claim[ids] = order
    return np.asarray(ids[claim[ids] == order])


def _doubled(coarse: Lattice) -> Lattice:
    """Each new point takes the value of the old one before it: in a cell that is not crossed, its side is right."""
    size = 2 * coarse.shape[0] - 1
    stretched = np.empty((*coarse.shape[:2], size), np.float32)
    stretched[..., ::2], stretched[..., 1::2] = coarse, coarse[..., :-1]
    before = np.arange(size) // 2
    return np.asarray(stretched[before[:, None], before[None]])


def _points_of(coarse_cells: Ids, cells: int) -> Ids:
    """(K, 27) flat indices in the lattice of `cells` of the 3 x 3 x 3 points of K coarse cells, x slowest."""
    corner = np.stack(np.unravel_index(coarse_cells, (cells // 2,) * 3), axis=1) * 2
    steps = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    strides = np.array([(cells + 1) ** 2, cells + 1, 1], dtype=np.int64)
    return np.asarray((corner @ strides)[:, None] + steps @ strides)


def _led_to(cells: Ids, inside: Flags, open_cells: Flags) -> Ids:
    """Cells not yet open behind a face through which the surface leaves `cells`; marks them open."""
    count = open_cells.shape[0]
    position = np.stack(np.unravel_index(cells, open_cells.shape), axis=1)
    cube = inside.reshape(-1, 3, 3, 3)
    found = []
    for axis in range(3):
        for side, step in ((0, -1), (2, 1)):
            face = np.take(cube, side, axis=axis + 1).reshape(len(cells), 9)
            next_to = position[face.any(axis=1) & ~face.all(axis=1)].copy()
            next_to[:, axis] += step
            next_to = next_to[(next_to[:, axis] >= 0) & (next_to[:, axis] < count)]
            found.append(np.ravel_multi_index(tuple(next_to.T), open_cells.shape))
    fresh = np.unique(np.concatenate(found))
    fresh = fresh[~open_cells.reshape(-1)[fresh]]
    open_cells.reshape(-1)[fresh] = True
    return np.asarray(fresh)


def _crossed(inside: Flags) -> Flags:
    """Cells with a corner on either side of the surface."""
    some, every = inside, inside
    for axis in range(3):
        low, high = _slices(axis)
        some, every = some[low] | some[high], every[low] & every[high]
    return np.asarray(some & ~every)


def _near(values: Lattice, threshold: float) -> Flags:
    """Cells whose densities, their range doubled to either side, reach the threshold."""
    least, most = values, values
    for axis in range(3):
        low, high = _slices(axis)
        least, most = np.minimum(least[low], least[high]), np.maximum(most[low], most[high])
    spread = most - least
    return np.asarray((least - spread <= threshold) & (most + spread >= threshold))


def _slices(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    low, high = [slice(None)] * 3, [slice(None)] * 3
    low[axis], high[axis] = slice(None, -1), slice(1, None)
    return tuple(low), tuple(high)
