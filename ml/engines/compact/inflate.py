"""Inflation of a silhouette, for where the network's weights are missing: thick where it is wide, round at its edge.

Method: h over the silhouette solves Poisson's equation with a constant load and h = 0 on the silhouette's edge; the
surface lies sqrt(h) in front of and behind the middle plane. A disk becomes an ellipsoid.
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
from ml.core.images import Floats
from ml.core.masks import silhouette_sdf
from ml.scene.volume import TRUNCATION, density_of

LOAD = 3.0
"""Right-hand side of the equation: 4 makes a disk a sphere, 2 makes a long bar round; between them both look right."""
SIZE = 256
"""Side in pixels of the picture in which the equation is solved."""
CELLS = 160
"""Grid points per axis, as for the network's scenes."""
MIN_SLOPE = TRUNCATION / 4.0
"""Added to the gradient's norm where the distance is divided by it: keeps the distance finite on the middle plane."""


def squared_heights(mask: NDArray[np.bool_]) -> Floats:
    """(S, S) silhouette -> (S, S) solution of lap h = -LOAD with h = 0 outside, in squared pixels."""
    inside = np.pad(mask, 1)
    number = np.full(inside.shape, -1)
    number[inside] = np.arange(int(inside.sum()))
    rows, columns = [number[inside]], [number[inside]]
    values = [np.full(len(rows[0]), 4.0)]  # the five-point Laplacian: 4 on the diagonal, -1 for each neighbour
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


def inflate_grid(alpha: Floats, camera: Camera) -> Tensor:
    """(S, S) opacity seen by `camera` at elevation 0 -> (160, 160, 160) float16 density, index order x, y, z.

    The silhouette is taken to lie in the plane x = 0; the first-order distance g / |grad g| of g = h - x² makes the
    density linear near the surface.
    """
    small = np.asarray(cv2.resize(alpha, (SIZE, SIZE), interpolation=cv2.INTER_AREA), dtype=np.float32)
    pixel = 2.0 * camera.half_extent / SIZE
    height = squared_heights(small > 0.5) * pixel**2
    down, right = np.gradient(height, pixel)
    maps = np.stack([height, down**2 + right**2, silhouette_sdf(small) * pixel])
    height_at, slope_at, edge_at = _on_middle_plane(torch.from_numpy(maps.astype(np.float32)), camera)
    x2 = torch.linspace(-RADIUS, RADIUS, CELLS)[:, None, None] ** 2
    rounded = (height_at - x2) / torch.sqrt(slope_at + 4.0 * x2 + MIN_SLOPE**2)
    density = density_of(torch.minimum(rounded, edge_at.expand_as(rounded)))
    return _clear_border(density).half()


def _on_middle_plane(pictures: Tensor, camera: Camera) -> Tensor:
    """(C, S, S) pictures -> (C, 1, 160, 160): their values over y and z of the plane x = 0."""
    steps = torch.linspace(-RADIUS, RADIUS, CELLS) / camera.half_extent
    y, z = torch.meshgrid(steps, steps, indexing="ij")
    positions = torch.stack([y, -z], dim=2)[None]
    return F.grid_sample(pictures[None], positions, padding_mode="border", align_corners=False)[0][:, None]


def _clear_border(density: Tensor) -> Tensor:
    """The outermost layer set to 0, so that the surface closes inside the cube."""
    inner = torch.zeros_like(density)
    inner[1:-1, 1:-1, 1:-1] = density[1:-1, 1:-1, 1:-1]
    return inner
