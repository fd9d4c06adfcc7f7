"""The horizontal sections of a sampled shape: the connected parts of each layer, and how they join from layer to layer.

Parts of the shape below any height follow from them without another look at its cells. Cells are neighbours across
faces and edges, as in `ml.mesh.simple_points`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ml.mesh.simple_points import Cells, Ids

BELOW = ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))
"""Starts, in a layer with a margin of one cell, of the cells below each cell that are its neighbours."""


@dataclass(frozen=True)
class Sections:
    """`label` (X, Y, Z): the number of each cell's section, from 1, 0 outside the shape. `layer` and `size` (N + 1,):
    where each section lies, and its cells. `links` (M, 2): sections that touch, the upper one first.
    """

    label: NDArray[np.int32]
    layer: Ids
    size: Ids
    links: Ids

    def below(self, top: int, removed: NDArray[np.bool_]) -> Iterator[Ids]:
        """The sections of each connected part of the shape below the layer `top`, without the `removed` (N + 1,)."""
        used = (self.layer < top) & ~removed
        used[0] = False
        links = self.links[used[self.links].all(axis=1)]
        graph = sparse.coo_matrix((np.ones(len(links), bool), links.T), shape=(len(used), len(used)))
        part = sparse.csgraph.connected_components(graph, directed=False)[1]
        numbers = np.flatnonzero(used)
        order = numbers[np.argsort(part[numbers], kind="stable")]
        yield from np.split(order, np.flatnonzero(np.diff(part[order])) + 1) if len(order) else ()


def divide(solid: Cells) -> Sections:
    """The sections of a shape (X, Y, Z), z up."""
    label = np.zeros(solid.shape, np.int32)
    layers, sizes, links = [np.array([-1])], [np.array([0])], [np.zeros((0, 2), np.int64)]
    first = 1
    for height in range(solid.shape[2]):
        count, own, stats, _ = cv2.connectedComponentsWithStats(solid[:, :, height].astype(np.uint8), connectivity=8)
        label[:, :, height] = np.where(own > 0, own + (first - 1), 0)
        layers.append(np.full(count - 1, height))
        sizes.append(stats[1:, cv2.CC_STAT_AREA].astype(np.int64))
        if height:
            links.append(_links(label[:, :, height], label[:, :, height - 1], first))
        first += count - 1
    return Sections(label, np.concatenate(layers), np.concatenate(sizes), np.concatenate(links))


def _links(upper: NDArray[np.int32], lower: NDArray[np.int32], first: int) -> Ids:
    """(M, 2) numbers of touching sections of two layers; those of the upper one begin with `first`."""
    start = first - 1 - int(np.count_nonzero(np.bincount(lower.ravel())[1:]))
    touch = np.zeros((int(upper.max(initial=first)) - first + 1, first - start), bool)
    padded, (rows, columns) = np.pad(lower, 1), upper.shape
    inside = upper > 0
    numbers = upper[inside] - first
    for row, column in BELOW:
        touch[numbers, np.maximum(padded[row : row + rows, column : column + columns][inside] - start, 0)] = True
    pairs = np.argwhere(touch[:, 1:])
    return np.asarray(pairs + np.array([first, start + 1]), dtype=np.int64)
