"""Silhouette consistency: the visual hull of several silhouettes, and how well it fills each of them.

The visual hull (Laurentini 1994) is the intersection of the silhouettes' cones. With correct cameras it fills every
silhouette; each pixel that it leaves empty is evidence against the cameras.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ml.core.camera import Camera
from ml.core.masks import iou, silhouette_sdf
from ml.photo.cutout import Cutout

SIDE = 128
"""Side in pixels of the silhouettes' distance fields."""
MASK_SIDE = 36
"""Side in pixels of the masks whose filling is counted: coarser than the grid of points, which would leave holes."""
CELLS = 72
"""Grid points per axis of the hull that is compared."""
HALF_SIDE = 1.1
"""Half side of the grid's cube in scene units: an object may be deeper than its first photo suggests."""
MARGIN = 0.15
"""Distance in scene units outside the initial hull up to which points are kept, since the cameras still move."""
MAX_MISS = 0.12
"""Distance in scene units at which a pixel counts as fully unfilled, so that a single spike does not dominate."""
TOLERANCE = 0.004
"""Distance in scene units by which a silhouette may be missed at no cost: masks are inexact."""


@dataclass(frozen=True)
class Silhouette:
    """The silhouette of a photo.

    `sdf` (SIDE, SIDE): signed distance to it in fractions of the picture's side, positive inside;
    `mask` (MASK_SIDE * MASK_SIDE,) bool: the coarse pixels that it covers.
    """

    sdf: Tensor
    mask: Tensor

    def cone_distance(self, camera: Camera, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N,) distance in scene units to the cone of its rays, positive inside."""
        projected = camera.project(points)
        sdf = F.grid_sample(
            self.sdf[None, None], projected[None, None, :, :2], padding_mode="border", align_corners=False
        )
        outside = (projected[:, :2].abs().amax(dim=1) - 1.0).clamp_min(0.0) / 2.0
        return (sdf.flatten() - outside) * (2.0 * camera.half_extent / camera.distance) * projected[:, 2]

    def resized_sdf(self, side: int) -> Tensor:
        """(side * side,) `sdf` at the centres of larger pixels."""
        size = (side, side)
        return F.interpolate(self.sdf[None, None], size=size, mode="bilinear", align_corners=False).flatten()


def silhouette_of(cutout: Cutout) -> Silhouette:
    """The silhouette of a cutout."""
    small = cv2.resize(cutout.alpha, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    coarse = cv2.resize(small, (MASK_SIDE, MASK_SIDE), interpolation=cv2.INTER_AREA)
    return Silhouette(torch.from_numpy(silhouette_sdf(small) / SIDE), torch.from_numpy(coarse > 0.5).flatten())


def grid_points(cells: int, radius: float) -> Tensor:
    """(cells³, 3) points over the cube of half side `radius`, z fastest."""
    steps = torch.linspace(-radius, radius, cells)
    return torch.stack(torch.meshgrid(steps, steps, steps, indexing="ij"), dim=-1).reshape(-1, 3)


def hull_distance(silhouettes: Sequence[Silhouette], cameras: Sequence[Camera], points: Tensor) -> Tensor:
    """(N,) distance in scene units to the surface of the visual hull, positive inside."""
    pairs = zip(silhouettes, cameras, strict=True)
    return torch.stack([silhouette.cone_distance(camera, points) for silhouette, camera in pairs]).amin(dim=0)


def points_near_hull(silhouettes: Sequence[Silhouette], cameras: Sequence[Camera]) -> Tensor:
    """(N, 3) grid points in and near the visual hull."""
    points = grid_points(CELLS, HALF_SIDE)
    return points[hull_distance(silhouettes, cameras, points) > -MARGIN]


def pixel_indices(camera: Camera, points: Tensor, side: int = MASK_SIDE) -> Tensor:
    """(N,) flat index of the pixel that each point projects to, of `side` x `side`; side² for those outside."""
    projected = camera.project(points)[:, :2]
    column, row = ((projected + 1.0) * (side / 2.0)).floor().long().unbind(dim=1)
    inside = (column >= 0) & (column < side) & (row >= 0) & (row < side)
    return torch.where(inside, row * side + column, side * side)


def unfilled_fraction(silhouette: Silhouette, pixel: Tensor, hull: Tensor) -> float:
    """How much of the silhouette the hull leaves empty, 0 to 1, given the pixel and hull distance of points (N,)."""
    best = torch.full((MASK_SIDE * MASK_SIDE + 1,), -MAX_MISS).scatter_reduce(0, pixel, hull, "amax")[:-1]
    missing = ((-best[silhouette.mask] - TOLERANCE) / MAX_MISS).clamp(0.0, 1.0)
    return float(missing.mean()) if len(missing) else 1.0


def silhouette_error(silhouettes: Sequence[Silhouette], cameras: Sequence[Camera]) -> float:
    """Mean over the photos of the fraction of their silhouettes that the common hull leaves empty, 0 to 1."""
    points = points_near_hull(silhouettes, cameras)
    hull = hull_distance(silhouettes, cameras, points)
    pairs = zip(silhouettes, cameras, strict=True)
    errors = [unfilled_fraction(silhouette, pixel_indices(camera, points), hull) for silhouette, camera in pairs]
    return sum(errors) / len(errors)


def silhouette_iou(silhouette: Silhouette, camera: Camera, points: Tensor) -> float:
    """IoU of a silhouette and that of points (N, 3) seen by `camera`."""
    covered = torch.zeros(MASK_SIDE * MASK_SIDE + 1, dtype=torch.bool)
    covered[pixel_indices(camera, points)] = True
    return iou(covered[:-1].numpy(), silhouette.mask.numpy())
