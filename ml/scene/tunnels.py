"""Topology clean-up of a volume: tunnels and loops that the photo's silhouette does not show are closed.

A tunnel is closed by filling it where it is narrow, or by removing a thin bridge beside it that covers nothing of the
silhouette on its own. Each fill and removal must lower the number of tunnels, so that the rest of the shape stays as
it is. Whatever lies outside the silhouette stays empty: a handle or the gaps of a chair's back are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from ml.scene.volume import VolumeScene, density_of

FILLS = (1, 2, 3)
"""Half widths in grid cells of the gaps that may be filled, narrow ones first."""
REMOVALS = ((1, 0), (1, 6), (2, 6))
"""Half widths in grid cells of the bridges that may be removed, and the side of the blocks that they are cut into to
remove only a part of them; 0: not cut."""
MAX_PART = 0.02
"""Largest single fill or removal, as a fraction of the shape's volume: more is a hollow or a part of the object."""
MIN_COMPONENT = 0.003
"""Fraction of the shape's volume from which on a component must not be cut off."""
MARGIN = max(FILLS) + 2
"""Empty cells around the shape."""
EVERYWHERE = np.ones((3, 3, 3), bool)
"""Cells are neighbours when they share a face, an edge or a corner."""

Cells = NDArray[np.bool_]
Box = tuple[slice, slice, slice]


def close_tunnels(scene: VolumeScene) -> VolumeScene:
    """The scene without the tunnels that its silhouette does not show."""
    inside = (scene.grid > scene.threshold).numpy()
    if not inside.any():
        return scene
    box = _bounding_box(inside)
    shown, pixel = _silhouette_cells(scene, box)
    solid = inside[box] & shown
    closed = _without_tunnels(solid, shown, pixel)
    grid = scene.grid.clone()
    grid[box] = _with_density(grid[box].float(), solid, closed, 2.0 * scene.radius / (len(grid) - 1)).half()
    return replace(scene, grid=grid)


def _bounding_box(inside: Cells) -> Box:
    """The cells around the shape with a margin, where the grid has one."""
    spans = []
    for axis in range(3):
        used = np.flatnonzero(inside.any(axis=tuple(other for other in range(3) if other != axis)))
        spans.append(slice(max(int(used[0]) - MARGIN, 0), int(used[-1]) + MARGIN + 1))
    return spans[0], spans[1], spans[2]


def _silhouette_cells(scene: VolumeScene, box: Box) -> tuple[Cells, NDArray[np.int64]]:
    """Which cells of the box lie inside the silhouette, and the picture's pixel that each projects to, as fine as the
    grid."""
    size = len(scene.grid)
    axis = torch.linspace(-scene.radius, scene.radius, size)
    points = torch.stack(torch.meshgrid(*(axis[side] for side in box), indexing="ij"), dim=-1)
    projected = scene.camera.project(points.reshape(-1, 3))
    shape = points.shape[:3]
    column, row = (((projected[:, side] + 1.0) * (size / 2.0)).long().clamp(0, size - 1) for side in (0, 1))
    return (scene.silhouette_at(projected) > scene.threshold).view(shape).numpy(), (row * size + column).view(
        shape
    ).numpy()


def _without_tunnels(solid: Cells, shown: Cells, pixel: NDArray[np.int64]) -> Cells:
    """The shape with its cavities filled, and with fewer tunnels."""
    result = np.asarray(ndimage.binary_fill_holes(solid))
    limit = MAX_PART * float(solid.sum())
    for width in FILLS:
        _fill(result, _closing(result, shown, width), limit)
    for width, block in REMOVALS:
        _remove(result, pixel, width, block, limit)
    _fill(result, _closing(result, shown, FILLS[0]), limit)
    return np.asarray(ndimage.binary_fill_holes(result))


def _fill(solid: Cells, closed: Cells, limit: float) -> None:
    """Add each connected part of `closed` that lowers the number of tunnels, in place."""
    for region, cells in _parts(ndimage.label(closed & ~solid, EVERYWHERE)[0], limit):
        if _euler(solid[region] | cells) > _euler(solid[region]):
            solid[region] |= cells


def _remove(solid: Cells, pixel: NDArray[np.int64], width: int, block: int, limit: float) -> None:
    """Remove thin bridges, or blocks of them, that lower the number of tunnels and uncover no pixel, in place."""
    cover = np.bincount(pixel[solid], minlength=int(pixel.max()) + 1)
    label = ndimage.label(solid & ~_dilate(~_dilate(~solid, width), width), EVERYWHERE)[0]
    removed = []
    for region, cells in _parts(_cut_into_blocks(label, block) if block else label, limit):
        before = solid[region]
        if _euler(before & ~cells) > _euler(before) and _is_covered(cover, pixel[region][cells]):
            solid[region] &= ~cells
            removed.append((region, cells))
    _restore_connections(solid, removed)


def _restore_connections(solid: Cells, removed: list[tuple[Box, Cells]]) -> None:
    """Add those of the removed parts again that joined two components of some size."""
    label, count = ndimage.label(solid, EVERYWHERE)
    size = np.bincount(label.ravel(), minlength=count + 1)
    large = np.flatnonzero(size >= MIN_COMPONENT * float(solid.sum()))
    for region, cells in removed:
        touched = np.intersect1d(label[region][_dilate(cells, 1)], large)
        if np.count_nonzero(touched) > 1:
            solid[region] |= cells


def _cut_into_blocks(label: NDArray[np.int32], side: int) -> NDArray[np.int32]:
    """Labels of cells (0: none), a new one for each part that lies in another block of a regular grid."""
    index = np.flatnonzero(label)
    steps = np.stack(np.unravel_index(index, label.shape)) // side
    key = np.ravel_multi_index(tuple(steps), label.shape).astype(np.int64) * (int(label.max()) + 1)
    blocks = np.zeros_like(label)
    blocks.ravel()[index] = np.unique(key + label.ravel()[index], return_inverse=True)[1] + 1
    return blocks


def _closing(solid: Cells, shown: Cells, width: int) -> Cells:
    """All cells that a cube of this half width, coming from outside, does not reach; those not `shown` it does."""
    free, _ = ndimage.label(np.pad(~_dilate(solid, width) | ~shown, 1, constant_values=True), EVERYWHERE)
    return shown & (solid | ~_dilate((free == free[0, 0, 0])[1:-1, 1:-1, 1:-1], width))


def _dilate(cells: Cells, width: int) -> Cells:
    """The cells and those within `width` of them along every axis."""
    values = torch.from_numpy(cells).float()[None, None]
    for axis in range(3):
        kernel, padding = [1, 1, 1], [0, 0, 0]
        kernel[axis], padding[axis] = 2 * width + 1, width
        values = F.max_pool3d(values, kernel, 1, padding)
    return (values[0, 0] > 0).numpy()


def _parts(label: NDArray[np.int32], limit: float) -> Iterator[tuple[Box, Cells]]:
    """Labelled parts of at most `limit` cells: a region with a margin of one cell around each, and its cells there."""
    sizes = np.bincount(label.ravel())
    for number, found in enumerate(ndimage.find_objects(label), 1):
        if found is not None and sizes[number] <= limit:
            low, middle, last = (slice(max(side.start - 1, 0), side.stop + 1) for side in found)
            region = (low, middle, last)
            yield region, label[region] == number


def _euler(cells: Cells) -> int:
    """Euler's characteristic of the union of closed cubes: parts minus tunnels plus cavities.

    Only differences between shapes that agree on the region's outermost cells are meaningful.
    """
    total = -int(np.count_nonzero(cells))
    planes = [_any_of_two(np.pad(cells, 1), axis) for axis in range(3)]
    edges = [_any_of_two(planes[axis], (axis + 1) % 3) for axis in range(3)]
    corners = _any_of_two(edges[0], 2)
    count = [sum(int(np.count_nonzero(part)) for part in parts) for parts in (planes, edges, [corners])]
    return total + count[0] - count[1] + count[2]


def _any_of_two(cells: Cells, axis: int) -> Cells:
    """Whether either of two neighbours along an axis is set."""
    low, high = [slice(None)] * 3, [slice(None)] * 3
    low[axis], high[axis] = slice(None, -1), slice(1, None)
    return np.asarray(cells[tuple(low)] | cells[tuple(high)])


def _is_covered(cover: NDArray[np.int64], pixels: NDArray[np.int64]) -> bool:
    """Whether other cells still cover all of the `pixels` (N,); if so, `cover` counts them without these."""
    change = np.bincount(pixels, minlength=len(cover))
    if ((cover > 0) & (cover <= change)).any():
        return False
    cover -= change
    return True


def _with_density(density: Tensor, before: Cells, after: Cells, spacing: float) -> Tensor:
    """The densities where both shapes agree; elsewhere by the distance to the new shape's surface."""
    added, removed = after & ~before, before & ~after
    depth = torch.from_numpy(ndimage.distance_transform_edt(after).astype(np.float32))
    filled = density_of((depth - 0.5) * spacing)
    result = torch.where(torch.from_numpy(added), torch.maximum(density, filled), density)
    return torch.where(
        torch.from_numpy(removed), torch.minimum(result, density_of(torch.tensor(-0.5 * spacing))), result
    )
