"""Topology clean-up of a sampled shape: narrow tunnels that no photo shows are closed, or cut open beside them.

A tunnel is closed by a membrane where it is narrowest: narrow gaps are filled, then emptied again cell by cell from the
widest place on, as far as that keeps the topology. What remains are the membranes. Thin bridges are cut in the same
way: removed, then put back cell by cell from the thickest place on; a cut must uncover nothing in a photo. Whatever
lies outside the silhouette stays empty: a handle or the gaps of a chair's back are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from ml.core.camera import Camera
from ml.mesh.simple_points import Cells, Ids, Levels, euler, shift

NARROW = 0.03
"""Half width in scene units of the gaps that are closed: predicted depths are less certain than that."""
THIN = 0.014
"""Half thickness in scene units of the bridges that may be cut."""
MAX_SECTION = 0.02
"""Largest cross-section of a tunnel or a bridge, in square scene units; those of an object may be 1.3 across."""
MEMBRANE = 0.012
"""Half thickness in scene units of a membrane: thinner ones vanish when the mesh is simplified."""
MAX_CAVITY = 0.01
"""Volume that a membrane may enclose, as a fraction of the shape's: more is the inside of a vase, not a tunnel."""
MARGIN = 2
"""Cells around a membrane or a cut that are looked at."""

Box = tuple[slice, slice, slice]
ACROSS_FACES, ACROSS_EDGES = (ndimage.generate_binary_structure(3, most) for most in (1, 2))


@dataclass(frozen=True)
class Lattice:
    """Where cells lie: `low` (3,) the position of cell (0, 0, 0), `spacing` in scene units; and the photos' cameras."""

    low: NDArray[np.float64]
    spacing: float
    cameras: Sequence[Camera]

    def pixels(self, cells: Ids) -> list[Ids]:
        """(N, 3) cells -> for each photo the (N,) pixel that each lies in; a pixel is as large as a cell."""
        points = torch.from_numpy((cells * self.spacing + self.low).astype(np.float32))
        found = []
        for camera in self.cameras:
            size = self.size(camera)
            position = (camera.project(points)[:, :2].numpy() + 1.0) * (size / 2.0)
            column, row = position.astype(np.int64).clip(0, size - 1).T
            found.append(row * size + column)
        return found

    def size(self, camera: Camera) -> int:
        """Side of a photo in pixels."""
        return max(round(2.0 * camera.half_extent / self.spacing), 1)

    def width(self, length: float) -> int:
        """A length in scene units as a number of cells, at least 1."""
        return max(round(length / self.spacing), 1)

    @property
    def max_section(self) -> float:
        """MAX_SECTION in cells."""
        return MAX_SECTION / self.spacing**2


def close(solid: Cells, lattice: Lattice) -> Cells:
    """The shape with as few tunnels as its photos and MAX_SECTION allow, without cavities."""
    solid = _without_cavities(solid)
    for step, length in ((_fill, NARROW), (_cut, THIN)):
        if genus(solid) > 0:
            solid = _without_cavities(step(solid, lattice, lattice.width(length)))
    return solid


def genus(solid: Cells) -> int:
    """The number of tunnels."""
    parts, cavities = ndimage.label(solid, ACROSS_EDGES)[1], ndimage.label(np.pad(~solid, 1, constant_values=True))[1]
    return int(parts + cavities - 1 - euler(solid) // 2)


def _without_cavities(solid: Cells) -> Cells:
    label = ndimage.label(np.pad(~solid, 1, constant_values=True), ACROSS_FACES)[0]
    return np.asarray(label != label[0, 0, 0])[1:-1, 1:-1, 1:-1]


def _fill(solid: Cells, lattice: Lattice, width: int) -> Cells:
    """With membranes in tunnels of up to this half width."""
    gaps = _unseen(solid, ~_dilate(~_dilate(solid, width), width) & ~solid, lattice)
    rest = shift(solid | gaps, _rings(solid, gaps, width + 1), False) & ~solid
    result, membranes = solid.copy(), np.zeros_like(solid)
    for region, cells in _parts(rest, lattice.max_section):
        if euler(result[region] | cells) > euler(result[region]):
            result[region] |= cells
            membranes[region] |= cells
    membranes &= ~_around_hollows(result)
    near = _dilate(membranes, lattice.width(MEMBRANE)) & gaps & ~membranes
    return shift(solid | membranes, near.astype(np.uint8), True)


def _around_hollows(solid: Cells) -> Cells:
    """Cells beside cavities that are too large to be a part of a tunnel."""
    label, _ = ndimage.label(np.pad(~solid, 1, constant_values=True), ACROSS_FACES)
    size = np.bincount(label.ravel())
    large = size > MAX_CAVITY * np.count_nonzero(solid)
    large[[0, label[0, 0, 0]]] = False
    if not large.any():
        return np.zeros_like(solid)
    return _dilate(large[label], 1)[1:-1, 1:-1, 1:-1]


def _cut(solid: Cells, lattice: Lattice, width: int) -> Cells:
    """With bridges of up to this half thickness cut where they cover nothing on their own."""
    core = _dilate(~_dilate(~solid, width), width) & solid
    thin = solid & ~core
    grown = shift(core, _rings(~solid, thin, width + 1), True)
    part = ndimage.label(grown, ACROSS_EDGES)[0]
    result, cover = solid.copy(), Cover.of(solid, lattice)
    for region, cells in _parts(solid & ~grown, lattice.max_section):
        touched = np.setdiff1d(part[region][_dilate(cells, 1)], 0)
        if len(touched) > 1:  # it joins two parts
            part[np.isin(part, touched)] = touched[0]
        elif euler(result[region] & ~cells) > euler(result[region]) and cover.remove(result, region, cells):
            result[region] &= ~cells
    return result


@dataclass(frozen=True)
class Cover:
    """`counts`: for each photo the number of cells in each pixel."""

    lattice: Lattice
    counts: list[Ids]

    @classmethod
    def of(cls, solid: Cells, lattice: Lattice) -> Cover:
        pixels = lattice.pixels(np.argwhere(solid))
        sizes = [lattice.size(camera) ** 2 for camera in lattice.cameras]
        return cls(lattice, [np.bincount(found, minlength=size) for found, size in zip(pixels, sizes, strict=True)])

    def remove(self, solid: Cells, region: Box, cells: Cells, loss: float = 0.0) -> bool:
        """Whether cells away from these cover their pixels, all but a fraction `loss`; if so, they no longer count."""
        start = [side.start for side in region]
        around = self.lattice.pixels(np.argwhere(_dilate(cells, MARGIN) & solid[region]) + start)
        own = self.lattice.pixels(np.argwhere(cells) + start)
        for count, near, pixels in zip(self.counts, around, own, strict=True):
            bare = count[pixels] <= np.bincount(near, minlength=len(count))[pixels]
            if len(np.unique(pixels[bare])) > loss * len(np.unique(pixels)):
                return False
        for count, pixels in zip(self.counts, own, strict=True):
            np.subtract.at(count, pixels, 1)
        return True


def _unseen(solid: Cells, gaps: Cells, lattice: Lattice) -> Cells:
    """Those of the gaps that lie before or behind the shape in every photo."""
    cells = np.argwhere(gaps)
    hidden = np.ones(len(cells), bool)
    views = zip(lattice.cameras, lattice.pixels(np.argwhere(solid)), lattice.pixels(cells), strict=True)
    for camera, covered, found in views:
        size = lattice.size(camera)
        picture = np.zeros(size * size, np.uint8)
        picture[covered] = 1
        # Near cells are larger than a pixel, which leaves single pixels between them uncovered.
        closed = cv2.morphologyEx(picture.reshape(size, size), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        hidden &= closed.reshape(-1)[found] > 0
    result = np.zeros_like(gaps)
    result[tuple(cells[hidden].T)] = True
    return result


def _rings(shape: Cells, cells: Cells, count: int) -> Levels:
    """For `cells` outside the shape the distance to it along the axes, at most `count`; 0 elsewhere."""
    rings = np.where(cells, np.uint8(count), np.uint8(0))
    grown = shape
    for ring in range(1, count):
        wider = _dilate(grown, 1)
        rings[cells & wider & ~grown] = ring
        grown = wider
    return rings


def _dilate(cells: Cells, width: int) -> Cells:
    """The cells and those within `width` of them along every axis."""
    side = 2 * width + 1
    values = cells.astype(np.uint8)
    for index, layer in enumerate(values):
        values[index] = cv2.dilate(layer, np.ones((side, side), np.uint8))
    flat = values.reshape(len(values), -1)
    return np.asarray(cv2.dilate(flat, np.ones((side, 1), np.uint8)).reshape(values.shape) > 0)


def _parts(cells: Cells, limit: float) -> Iterator[tuple[Box, Cells]]:
    """Connected parts of at most `limit` cells: a region with a margin around each, and its cells there."""
    label, _ = ndimage.label(cells, ACROSS_EDGES)
    sizes = np.bincount(label.ravel())
    for number, found in enumerate(ndimage.find_objects(label), 1):
        if found is not None and sizes[number] <= limit:
            low, middle, last = (slice(max(side.start - MARGIN - 1, 0), side.stop + MARGIN + 1) for side in found)
            region = (low, middle, last)
            yield region, label[region] == number
