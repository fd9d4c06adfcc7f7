"""Views of a scene by volume rendering: every sample of every ray (`dense`), and the same picture many times faster.

Source of the formula: the published TripoSR renderer (emission and absorption as in NeRF, Mildenhall et al., 2020,
arXiv 2003.08934), with steps counted in the 0..1 parameter of the ray inside the cube and a white background.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.camera import RADIUS, Camera
from ml.engines.triposr.scene import TriplaneScene

SAMPLES = 128
SHRINK = 1.0 - 1e-3
"""Rays are cut to a cube this much smaller than the scene's."""
SHORTEST = 0.01
RAYS_A_TIME = 4096
"""Rays that `dense` samples together."""

CELLS = 96
"""Cells per axis of the grid that says where space is empty."""
FAINTEST = 0.1
"""Density below which a cell counts as empty: 128 such samples in a row would hide a tenth of what is behind."""
SLAB = 4
"""Samples that are looked at before asking again which rays still see something."""
OPAQUE = 1.0 / 512.0
"""Share of light left at which a ray ends: half a step of an 8-bit picture."""


def span(origins: Tensor, directions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Where rays (N, 3) run inside the cube: near (N,), far (N,), and whether they do at all (N,) bool."""
    safe = torch.where(directions.abs() < 1e-6, torch.full_like(directions, 1e-6), directions)
    first, last = (RADIUS * SHRINK - origins) / safe, (-RADIUS * SHRINK - origins) / safe
    near = torch.minimum(first, last).amax(dim=-1).clamp_min(0.0)
    far = torch.maximum(first, last).amin(dim=-1)
    return near, far, far - near > SHORTEST


def midpoints(samples: int, device: torch.device) -> Tensor:
    """(samples,) middles of equal steps in the 0..1 parameter of a ray."""
    edges = torch.linspace(0.0, 1.0, samples + 1, device=device)
    return (edges[:-1] + edges[1:]) / 2.0


@torch.inference_mode()
def dense(scene: TriplaneScene, origins: Tensor, directions: Tensor, samples: int = SAMPLES) -> Tensor:
    """(N, 3) rays -> (N, 3) sRGB on white: every sample of every ray, as the published code does it."""
    picture = torch.ones_like(origins)
    near, far, valid = span(origins, directions)
    for rays in valid.nonzero()[:, 0].split(RAYS_A_TIME):
        along = midpoints(samples, origins.device)
        depth = near[rays, None] * (1.0 - along) + far[rays, None] * along
        points = origins[rays, None] + depth[..., None] * directions[rays, None]
        density, color = scene.density_and_color(points.view(-1, 3))
        alpha = 1.0 - torch.exp(-density.view(-1, samples) / samples)
        left = torch.cumprod(1.0 - alpha + 1e-10, dim=1)
        weight = alpha * torch.cat([torch.ones_like(left[:, :1]), left[:, :-1]], dim=1)
        picture[rays] = (weight[..., None] * color.view(-1, samples, 3)).sum(1) + (1.0 - weight.sum(1, keepdim=True))
    return picture


@dataclass(frozen=True)
class EmptySpace:
    """Which cells of the cube can hold something: `fine` for a sample, `coarse` for a whole slab of samples."""

    fine: Tensor
    """(CELLS³,) bool."""
    coarse: Tensor
    """(CELLS³,) bool: whether anything lies within half a slab of any point of the cell."""


@torch.inference_mode()
def empty_space(scene: TriplaneScene, samples: int = SAMPLES) -> EmptySpace:
    """Ask the scene at the corners of CELLS³ cells. A cell is empty when all corners of it and its neighbours are."""
    axis = torch.linspace(-RADIUS, RADIUS, CELLS + 1)
    corners = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1).view(-1, 3)
    solid = scene.density(corners).view(1, 1, *[CELLS + 1] * 3) > FAINTEST
    near = F.max_pool3d(F.max_pool3d(solid.float(), 2, 1), 3, 1, 1)
    longest = 2.0 * RADIUS * 3.0**0.5 * SLAB / samples
    reach = int(longest / 2.0 / (2.0 * RADIUS / CELLS)) + 1
    return EmptySpace(near.view(-1) > 0, _spread(near, reach).view(-1) > 0)


def _spread(cells: Tensor, reach: int) -> Tensor:
    """Maximum over a cube of 2 · reach + 1 cells, one axis after the other."""
    for axis in range(3):
        kernel, padding = [1, 1, 1], [0, 0, 0]
        kernel[axis], padding[axis] = 2 * reach + 1, reach
        cells = F.max_pool3d(cells, kernel, 1, padding)
    return cells


@torch.inference_mode()
def views(scene: TriplaneScene, cameras: Iterable[Camera], size: int, samples: int = SAMPLES) -> Iterator[Tensor]:
    """One (size, size, 3) float32 sRGB picture on white for each camera, empty space skipped."""
    space = empty_space(scene, samples)
    for camera in cameras:
        yield render(scene, *camera.rays(size), space, samples).view(size, size, 3)


@torch.inference_mode()
def render(
    scene: TriplaneScene, origins: Tensor, directions: Tensor, space: EmptySpace, samples: int = SAMPLES
) -> Tensor:
    """(N, 3) rays -> (N, 3) sRGB on white, like `dense`, asking the scene only where something can be seen."""
    near, far, valid = span(origins, directions)
    color, left = torch.zeros_like(origins), torch.ones_like(near)
    along = midpoints(samples, origins.device)
    for start in range(0, samples, SLAB):
        part = along[start : start + SLAB]
        middle = torch.lerp(near, far, part.mean())
        seen = valid & (left > OPAQUE) & _inside(space.coarse, origins + middle[:, None] * directions)
        rays = seen.nonzero()[:, 0]
        if len(rays):
            color[rays], left[rays] = _march(
                scene,
                space,
                origins[rays],
                directions[rays],
                near[rays],
                far[rays],
                part,
                color[rays],
                left[rays],
                samples,
            )
    return color + left[:, None]


def _march(
    scene: TriplaneScene,
    space: EmptySpace,
    origins: Tensor,
    directions: Tensor,
    near: Tensor,
    far: Tensor,
    part: Tensor,
    color: Tensor,
    left: Tensor,
    samples: int,
) -> tuple[Tensor, Tensor]:
    """One slab further along each ray: the colour gathered so far and the share of light left, (N, 3) and (N,)."""
    depth = near[:, None] * (1.0 - part) + far[:, None] * part
    points = (origins[:, None] + depth[..., None] * directions[:, None]).view(-1, 3)
    index = _inside(space.fine, points).nonzero()[:, 0]
    alpha, tint = points.new_zeros(len(points)), torch.zeros_like(points)
    density, found = scene.density_and_color(points[index])
    alpha[index], tint[index] = 1.0 - torch.exp(-density / samples), found
    alpha, tint = alpha.view(depth.shape), tint.view(*depth.shape, 3)
    after = left[:, None] * torch.cumprod(1.0 - alpha, dim=1)
    before = torch.cat([left[:, None], after[:, :-1]], dim=1)
    return color + ((alpha * before)[..., None] * tint).sum(dim=1), after[:, -1]


def _inside(cells: Tensor, points: Tensor) -> Tensor:
    """(N, 3) points -> (N,) bool: what the grid of cells says there."""
    cell = ((points + RADIUS) * (CELLS / (2.0 * RADIUS))).long().clamp_(0, CELLS - 1)
    return cells[(cell[:, 0] * CELLS + cell[:, 1]) * CELLS + cell[:, 2]]
