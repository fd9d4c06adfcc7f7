"""Depth of the first surface that a camera sees in a scene."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ml.core.camera import Camera

STEPS = 96
"""Samples of a ray inside the scene's cube: 0.018 scene units apart, a little more than a cell of the compact grid."""


def first_surface_depth(
    density: Callable[[Tensor], Tensor],
    camera: Camera,
    size: int,
    *,
    radius: float,
    threshold: float,
    hits_silhouette: Tensor | None = None,
) -> Tensor:
    """(size, size) depth along the view of the first sample with a density above `threshold`, row 0 at the top.

    `density` maps (N, 3) canonical points to (N,). Rays that meet nothing, and those for which `hits_silhouette`
    (size * size,) bool is False, get `camera.distance + radius`.
    """
    origins, directions = camera.rays(size)
    per_depth = 1.0 / (directions @ camera.axes()[2])
    depths = camera.distance - radius + (torch.arange(STEPS) + 0.5) / STEPS * 2.0 * radius
    first = torch.full((len(directions),), camera.distance + radius)
    open_rays = torch.arange(len(directions)) if hits_silhouette is None else hits_silhouette.nonzero()[:, 0]
    for depth in depths:
        points = origins[open_rays] + directions[open_rays] * (depth * per_depth[open_rays])[:, None]
        inside = density(points) > threshold
        first[open_rays[inside]] = depth
        open_rays = open_rays[~inside]
    return first.view(size, size)
