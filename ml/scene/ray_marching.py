"""Rays through the cube of a scene: emission and absorption, without the samples that change nothing.

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
BLOCKS = 64
"""Blocks per axis of the grid that says where space is empty."""
SHRINK = 1.0 - 1e-3
"""Rays are cut to a cube this much smaller than the scene's."""
SHORTEST = 0.01
SLAB = 4
"""Samples that are taken before asking again which rays still see something."""
OPAQUE = 1.0 / 256.0
"""Share of light left at which a ray ends: one step of an 8-bit picture."""


class Field(Protocol):
    """What can be marched through."""

    @property
    def solid(self) -> Tensor:
        """(BLOCKS, BLOCKS, BLOCKS) bool: whether a block or one of its neighbours holds something."""

    @property
    def samples(self) -> int:
        """Steps that a ray takes through the cube."""

    def density_and_color(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3) canonical points -> absorption (N,) and sRGB (N, 3)."""


@dataclass(frozen=True)
class Rays:
    """Rays and where they run inside the cube: origins and directions (N, 3), near, far and valid (N,)."""

    origins: Tensor
    directions: Tensor
    near: Tensor
    far: Tensor
    valid: Tensor

    def at(self, index: Tensor) -> Rays:
        """Some of the rays."""
        return Rays(*(each[index] for each in (self.origins, self.directions, self.near, self.far, self.valid)))

    def points(self, along: Tensor) -> Tensor:
        """(K,) places in the 0..1 parameter between near and far -> (N, K, 3) points."""
        depth = self.near[:, None] * (1.0 - along) + self.far[:, None] * along
        return self.origins[:, None] + depth[..., None] * self.directions[:, None]


def clip(origins: Tensor, directions: Tensor) -> Rays:
    """Where rays (N, 3) run inside the cube, and whether they do at all."""
    safe = torch.where(directions.abs() < 1e-6, torch.full_like(directions, 1e-6), directions)
    first, last = (RADIUS * SHRINK - origins) / safe, (-RADIUS * SHRINK - origins) / safe
    near = torch.minimum(first, last).amax(dim=-1).clamp_min(0.0)
    far = torch.maximum(first, last).amin(dim=-1)
    return Rays(origins, directions, near, far, far - near > SHORTEST)


@torch.inference_mode()
def march(field: Field, origins: Tensor, directions: Tensor, samples: int = SAMPLES) -> tuple[Tensor, Tensor]:
    """(N, 3) rays -> the light that they gather (N, 3), sRGB, and the share of what is behind that comes through (N,).

    No sample is taken in empty space or behind the opaque: within 40 dB of taking all.
    """
    rays, near_solid = clip(origins, directions), _grown(field.solid, samples)
    color, left = torch.zeros_like(origins), torch.ones_like(rays.near)
    for part in midpoints(samples).split(SLAB):  # type: ignore[no-untyped-call]
        middle = rays.points(part.mean()[None])[:, 0]
        index = (rays.valid & (left > OPAQUE) & _lookup(near_solid, middle)).nonzero()[:, 0]
        if len(index):
            gained, passed = _stretch(field, rays.at(index).points(part), samples)
            color[index] += left[index, None] * gained
            left[index] *= passed
    return color, left


def _stretch(field: Field, points: Tensor, samples: int) -> tuple[Tensor, Tensor]:
    """(N, K, 3) points along rays -> the colour that this stretch adds (N, 3), the share of light it lets by (N,)."""
    count, steps = points.shape[:2]
    flat = points.flatten(0, 1)
    alpha, color = flat.new_zeros(len(flat)), torch.zeros_like(flat)
    index = _lookup(field.solid, flat).nonzero()[:, 0]
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


def solid_blocks(occupied: Tensor) -> Tensor:
    """What the corners of blocks hold, (BLOCKS + 1)³ bool, index order x, y, z -> `Field.solid`: a block is empty when
    all corners of it and of its 26 neighbours are."""
    corners = occupied.float().view(1, 1, *(BLOCKS + 1,) * 3)
    return F.max_pool3d(F.max_pool3d(corners, 2, 1), 3, 1, 1)[0, 0] > 0


def block_corners() -> Tensor:
    """((BLOCKS + 1)³, 3) canonical points."""
    axis = torch.linspace(-RADIUS, RADIUS, BLOCKS + 1)
    return torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1).flatten(0, 2)


def block_of(place: Tensor) -> Tensor:
    """Coordinates in [-RADIUS, RADIUS] -> the block they fall into, 0 to BLOCKS - 1."""
    return ((place + RADIUS) * (BLOCKS / (2.0 * RADIUS))).long().clamp_(0, BLOCKS - 1)


def _grown(solid: Tensor, samples: int) -> Tensor:
    """Blocks from any point of which something solid lies within half a slab, along the longest ray there is."""
    half = RADIUS * 3.0**0.5 * SLAB / samples
    reach = int(half / (2.0 * RADIUS / BLOCKS)) + 1
    return F.max_pool3d(solid[None, None].float(), 2 * reach + 1, 1, reach)[0, 0] > 0


def _lookup(blocks: Tensor, points: Tensor) -> Tensor:
    """(N, 3) points -> (N,) bool: what the grid of blocks says there."""
    block = block_of(points)
    return blocks.flatten()[(block[:, 0] * BLOCKS + block[:, 1]) * BLOCKS + block[:, 2]]
