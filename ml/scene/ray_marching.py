"""Emission and absorption along rays through the cube of a scene, without the samples that change nothing.

Source of the formula: the published TripoSR renderer (as in NeRF, Mildenhall et al., 2020, arXiv 2003.08934), with
steps counted in the 0..1 parameter of the ray inside the cube.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.core.camera import RADIUS

SAMPLES = 128
"""Steps of a ray through the cube, as published."""
BLOCKS = 64
"""Blocks per axis of the occupancy grid."""
SHRINK = 1.0 - 1e-3
"""Rays are clipped to a cube this much smaller than the scene's, as published: no sample is on its faces."""
MIN_LENGTH = 0.01
"""Length inside the cube, in scene units, below which a ray counts as missing it."""
MIN_DIRECTION = 1e-6
"""Replaces a smaller direction component, so that the division by it stays finite."""
SLAB = 4
"""Samples between two checks of which rays are still open."""
OPAQUE = 1.0 / 256.0
"""Transmittance below which a ray ends: one step of an 8-bit picture."""


class Field(Protocol):
    """Density and colour to march through."""

    @property
    def occupied(self) -> Tensor:
        """(BLOCKS, BLOCKS, BLOCKS) bool: whether a block or one of its neighbours is occupied."""

    @property
    def samples(self) -> int:
        """Steps that a ray takes through the cube."""

    def density_and_color(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3) canonical points -> absorption (N,) and sRGB (N, 3)."""


@dataclass(frozen=True)
class Rays:
    """Rays and their interval inside the cube: origins and directions (N, 3), near, far and valid (N,)."""

    origins: Tensor
    directions: Tensor
    near: Tensor
    far: Tensor
    valid: Tensor

    def at(self, index: Tensor) -> Rays:
        """The rays with these indices."""
        return Rays(*(values[index] for values in (self.origins, self.directions, self.near, self.far, self.valid)))

    def points(self, along: Tensor) -> Tensor:
        """(K,) parameters in 0..1 between near and far -> (N, K, 3) points."""
        depth = self.near[:, None] * (1.0 - along) + self.far[:, None] * along
        return self.origins[:, None] + depth[..., None] * self.directions[:, None]


def clip(origins: Tensor, directions: Tensor) -> Rays:
    """The interval of rays (N, 3) inside the cube, and whether there is one."""
    safe = torch.where(directions.abs() < MIN_DIRECTION, torch.full_like(directions, MIN_DIRECTION), directions)
    first, last = (RADIUS * SHRINK - origins) / safe, (-RADIUS * SHRINK - origins) / safe
    near = torch.minimum(first, last).amax(dim=-1).clamp_min(0.0)
    far = torch.maximum(first, last).amin(dim=-1)
    return Rays(origins, directions, near, far, far - near > MIN_LENGTH)


@torch.inference_mode()
def march(field: Field, origins: Tensor, directions: Tensor, samples: int = SAMPLES) -> tuple[Tensor, Tensor]:
    """(N, 3) rays -> accumulated colour (N, 3), sRGB, and transmittance (N,): the fraction of what is behind them.

    No sample is taken in empty space or behind the opaque: within 40 dB of taking all. Works on the field's device.
    """
    device = field.occupied.device
    rays, near_occupied = clip(origins.to(device), directions.to(device)), _dilate(field.occupied, samples)
    color, left = torch.zeros_like(rays.origins), torch.ones_like(rays.near)
    for part in midpoints(samples).to(device).split(SLAB):  # type: ignore[no-untyped-call]
        middle = rays.points(part.mean()[None])[:, 0]
        index = (rays.valid & (left > OPAQUE) & _lookup(near_occupied, middle)).nonzero()[:, 0]
        if len(index):
            gained, passed = _march_slab(field, rays.at(index).points(part), samples)
            color[index] += left[index, None] * gained
            left[index] *= passed
    return color.to(origins.device), left.to(origins.device)


def _march_slab(field: Field, points: Tensor, samples: int) -> tuple[Tensor, Tensor]:
    """(N, K, 3) points along rays -> the colour of this interval (N, 3) and its transmittance (N,)."""
    count, steps = points.shape[:2]
    flat = points.flatten(0, 1)
    alpha, color = flat.new_zeros(len(flat)), torch.zeros_like(flat)
    index = _lookup(field.occupied, flat).nonzero()[:, 0]
    density, color[index] = field.density_and_color(flat[index])
    alpha[index] = 1.0 - torch.exp(-density / samples)
    alpha = alpha.view(count, steps)
    left = torch.cumprod(1.0 - alpha, dim=1)
    weight = alpha * torch.cat([torch.ones_like(left[:, :1]), left[:, :-1]], dim=1)
    return (weight[..., None] * color.view(count, steps, 3)).sum(dim=1), left[:, -1]


def midpoints(samples: int) -> Tensor:
    """(samples,) middles of equal steps from 0 to 1."""
    edges = torch.linspace(0.0, 1.0, samples + 1)
    return (edges[:-1] + edges[1:]) / 2.0


def occupied_blocks(occupied: Tensor) -> Tensor:
    """Occupancy of the blocks' corners, (BLOCKS + 1)³ bool, index order x, y, z -> `Field.occupied`: a block is empty
    when all corners of it and of its 26 neighbours are."""
    corners = occupied.float().view(1, 1, *(BLOCKS + 1,) * 3)
    return F.max_pool3d(F.max_pool3d(corners, 2, 1), 3, 1, 1)[0, 0] > 0


def block_corners() -> Tensor:
    """((BLOCKS + 1)³, 3) canonical points."""
    axis = torch.linspace(-RADIUS, RADIUS, BLOCKS + 1)
    return torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1).flatten(0, 2)


def block_of(coordinate: Tensor) -> Tensor:
    """Coordinates in [-RADIUS, RADIUS] -> index of their block, 0 to BLOCKS - 1."""
    return ((coordinate + RADIUS) * (BLOCKS / (2.0 * RADIUS))).long().clamp_(0, BLOCKS - 1)


def _dilate(occupied: Tensor, samples: int) -> Tensor:
    """Blocks with an occupied one within half a slab of any of their points, along the longest possible ray."""
    half = RADIUS * 3.0**0.5 * SLAB / samples
    reach = int(half / (2.0 * RADIUS / BLOCKS)) + 1
    return F.max_pool3d(occupied[None, None].float(), 2 * reach + 1, 1, reach)[0, 0] > 0


def _lookup(blocks: Tensor, points: Tensor) -> Tensor:
    """(N, 3) points -> (N,) bool: the value of their block."""
    block = block_of(points)
    return blocks.flatten()[(block[:, 0] * BLOCKS + block[:, 1]) * BLOCKS + block[:, 2]]
