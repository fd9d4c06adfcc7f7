"""Silhouettes as evidence: what several outlines leave of space, and how far each of them is filled by it.

The visual hull (Laurentini 1994) is what no outline cuts off. Photos whose cameras are right leave a hull that fills
every outline again; each pixel that it does not fill speaks against the cameras.
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
"""Pixels a side of the outlines that are compared."""
PIXELS = 36
"""Pixels a side in which it is counted what a hull fills: coarser than the lattice, so that it leaves no holes."""
CELLS = 72
ROOM = 1.1
"""Half side of the cube in which cameras are compared: an object may turn out deeper than one photo let expect."""
NEAR = 0.15
"""Points further outside an outline than this, with the cameras as first guessed, are not looked at again."""
FAR = 0.12
"""Distance at which a pixel counts as wholly unfilled; more would let a single spike rule."""
MISFIT = 0.004
"""Distance that an outline may be off without speaking against a camera: masks have errors."""


@dataclass(frozen=True)
class Outline:
    """`distance` (SIDE, SIDE): signed distance to the outline in shares of the picture's side, positive inside;
    `pixels` (PIXELS * PIXELS,) bool: which coarse pixels the object fills."""

    distance: Tensor
    pixels: Tensor

    def at(self, camera: Camera, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N,) canonical distance to the cone of rays that pass inside the outline."""
        seen = camera.project(points)
        found = F.grid_sample(
            self.distance[None, None], seen[None, None, :, :2], padding_mode="border", align_corners=False
        )
        beyond = (seen[:, :2].abs().amax(dim=1) - 1.0).clamp_min(0.0) / 2.0
        return (found.flatten() - beyond) * (2.0 * camera.half_extent / camera.distance) * seen[:, 2]

    def depth(self, side: int) -> Tensor:
        """(side * side,) `distance` in the middles of larger pixels."""
        size = (side, side)
        return F.interpolate(self.distance[None, None], size=size, mode="bilinear", align_corners=False).flatten()


def outline(cutout: Cutout) -> Outline:
    """The cutout's outline, made ready."""
    small = cv2.resize(cutout.alpha, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    coarse = cv2.resize(small, (PIXELS, PIXELS), interpolation=cv2.INTER_AREA)
    distance = torch.from_numpy(silhouette_sdf(small) / SIDE)
    return Outline(distance, torch.from_numpy(coarse > 0.5).flatten())


def lattice(cells: int, radius: float) -> Tensor:
    """(cells³, 3) points over the cube of half side `radius`, z fastest."""
    steps = torch.linspace(-radius, radius, cells)
    return torch.stack(torch.meshgrid(steps, steps, steps, indexing="ij"), dim=-1).reshape(-1, 3)


def hull(outlines: Sequence[Outline], cameras: Sequence[Camera], points: Tensor) -> Tensor:
    """(N,) canonical distance to the visual hull's surface, positive inside."""
    return torch.stack([each.at(camera, points) for each, camera in zip(outlines, cameras, strict=True)]).amin(dim=0)


def around(outlines: Sequence[Outline], cameras: Sequence[Camera]) -> Tensor:
    """(N, 3) lattice points in and near the visual hull."""
    points = lattice(CELLS, ROOM)
    return points[hull(outlines, cameras, points) > -NEAR]


def places(camera: Camera, points: Tensor, side: int = PIXELS) -> Tensor:
    """(N,) the pixel that each point falls into, of `side` a side; side² for those beyond the picture."""
    seen = camera.project(points)[:, :2]
    column, row = ((seen + 1.0) * (side / 2.0)).floor().long().unbind(dim=1)
    inside = (column >= 0) & (column < side) & (row >= 0) & (row < side)
    return torch.where(inside, row * side + column, side * side)


def unfilled(outline_: Outline, place: Tensor, hull: Tensor) -> float:
    """How far, on average over the outline's pixels, the hull (N,) misses them: 0 … 1."""
    best = torch.full((PIXELS * PIXELS + 1,), -FAR).scatter_reduce(0, place, hull, "amax")[:-1]
    missing = ((-best[outline_.pixels] - MISFIT) / FAR).clamp(0.0, 1.0)
    return float(missing.mean()) if len(missing) else 1.0


def disagreement(outlines: Sequence[Outline], cameras: Sequence[Camera]) -> float:
    """Mean over the photos of how far the common hull leaves their outlines unfilled: 0 … 1."""
    points = around(outlines, cameras)
    common = hull(outlines, cameras, points)
    lost = [unfilled(each, places(camera, points), common) for each, camera in zip(outlines, cameras, strict=True)]
    return sum(lost) / len(lost)


def overlap(outline_: Outline, camera: Camera, solid: Tensor) -> float:
    """Intersection over union of an outline and the silhouette of a solid's points (N, 3)."""
    filled = torch.zeros(PIXELS * PIXELS + 1, dtype=torch.bool)
    filled[places(camera, solid)] = True
    return iou(filled[:-1].numpy(), outline_.pixels.numpy())
