"""A silhouette becomes a solid: it is blown up like a cushion, thick where it is wide, round at its edge.

Method: h over the silhouette solves Poisson's equation with a constant load and h = 0 on the outline; the solid reaches
sqrt(h) to both sides of the middle plane. Over a disk that is an ellipsoid.
Source: the inflation of Sýkora et al. 2014, "Ink-and-Ray: Bas-Relief Meshes for Adding Global Illumination Effects to
Hand-Drawn Characters".
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import spsolve
from torch import Tensor

from ml.core.camera import RADIUS, Camera
from ml.core.masks import silhouette_sdf
from ml.scene.volume import SOFT, density_of

LOAD = 3.0
"""4 turns a disk into a ball, 2 a long bar into a round one; between them both look right."""
SIDE = 256
"""Pixels a side in which the equation is solved."""
CELLS = 160
"""Grid points per axis of the solid."""

Floats = NDArray[np.float32]


def squared_heights(mask: NDArray[np.bool_]) -> Floats:
    """(S, S) silhouette -> (S, S) solution of lap h = -LOAD with h = 0 outside, in squared pixels."""
    inside = np.pad(mask, 1)
    number = np.full(inside.shape, -1)
    number[inside] = np.arange(int(inside.sum()))
    rows, columns = [number[inside]], [number[inside]]
    values = [np.full(len(rows[0]), 4.0)]
    for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
        neighbour = np.roll(number, step, axis)[inside]
        known = neighbour >= 0
        rows.append(number[inside][known])
        columns.append(neighbour[known])
        values.append(np.full(int(known.sum()), -1.0))
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    count = len(rows[0])
    solution = np.zeros(inside.shape, np.float32)
    if count:
        solution[inside] = spsolve(csr_matrix(entries, shape=(count, count)), np.full(count, LOAD))
    return solution[1:-1, 1:-1]


def inflated(alpha: Floats, camera: Camera) -> Tensor:
    """(S, S) opacity seen by `camera` at elevation 0 -> (160, 160, 160) float16 density, index order x, y, z.

    The silhouette is taken to stand in the plane x = 0; the first-order distance g / |grad g| of g = h - x² makes the
    density linear near the surface.
    """
    small = np.asarray(cv2.resize(alpha, (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.float32)
    pixel = 2.0 * camera.half_extent / SIDE
    height = squared_heights(small > 0.5) * pixel**2
    down, right = np.gradient(height, pixel)
    flat = np.stack([height, down**2 + right**2, silhouette_sdf(small) * pixel])
    height_at, slope_at, edge_at = _on_plane(torch.from_numpy(flat.astype(np.float32)), camera)
    x2 = torch.linspace(-RADIUS, RADIUS, CELLS)[:, None, None] ** 2
    rounded = (height_at - x2) / torch.sqrt(slope_at + 4.0 * x2 + (SOFT / 4.0) ** 2)
    density = density_of(torch.minimum(rounded, edge_at.expand_as(rounded)))
    return _open_at_walls(density).half()


def _on_plane(pictures: Tensor, camera: Camera) -> Tensor:
    """(C, S, S) pictures -> (C, 1, 160, 160): their values over y and z of the plane x = 0."""
    steps = torch.linspace(-RADIUS, RADIUS, CELLS) / camera.half_extent
    y, z = torch.meshgrid(steps, steps, indexing="ij")
    places = torch.stack([y, -z], dim=2)[None]
    return F.grid_sample(pictures[None], places, padding_mode="border", align_corners=False)[0][:, None]


def _open_at_walls(density: Tensor) -> Tensor:
    """The outermost layer emptied: the solid ends inside the cube."""
    inner = torch.zeros_like(density)
    inner[1:-1, 1:-1, 1:-1] = density[1:-1, 1:-1, 1:-1]
    return inner
