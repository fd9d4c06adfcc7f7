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
from ml.engines.triposr.bake import BLOCKS, BakedScene, bake, block_of
from ml.engines.triposr.scene import TriplaneScene

SAMPLES = 128
SHRINK = 1.0 - 1e-3
"""Rays are cut to a cube this much smaller than the scene's."""
SHORTEST = 0.01
RAYS_A_TIME = 4096
"""Rays that `dense` samples together."""
SLAB = 4
"""Samples that are taken before asking again which rays still see something."""
OPAQUE = 1.0 / 256.0
"""Share of light left at which a ray ends: one step of an 8-bit picture."""


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
def dense(scene: TriplaneScene, origins: Tensor, directions: Tensor, samples: int = SAMPLES) -> Tensor:
    """(N, 3) rays -> (N, 3) sRGB on white: every sample of every ray, as the published code does it."""
    picture = torch.ones_like(origins)
    rays = clip(origins, directions)
    for index in rays.valid.nonzero()[:, 0].split(RAYS_A_TIME):  # type: ignore[no-untyped-call]
        points = rays.at(index).points(_midpoints(samples))
        density, color = scene.density_and_color(points.flatten(0, 1))
        alpha = 1.0 - torch.exp(-density.view(-1, samples) / samples)
        left = torch.cumprod(1.0 - alpha + 1e-10, dim=1)
        weight = alpha * torch.cat([torch.ones_like(left[:, :1]), left[:, :-1]], dim=1)
        picture[index] = (weight[..., None] * color.view(-1, samples, 3)).sum(1) + (1.0 - weight.sum(1, keepdim=True))
    return picture


@torch.inference_mode()
def views(scene: TriplaneScene, cameras: Iterable[Camera], size: int, samples: int = SAMPLES) -> Iterator[Tensor]:
    """One (size, size, 3) float32 sRGB picture on white for each camera; the scene is baked once for all of them."""
    baked = bake(scene)
    for camera in cameras:
        yield render(baked, *camera.rays(size), samples).view(size, size, 3)


@torch.inference_mode()
def render(scene: BakedScene, origins: Tensor, directions: Tensor, samples: int = SAMPLES) -> Tensor:
    """(N, 3) rays -> (N, 3) sRGB on white, like `dense` within 40 dB: no sample in empty space or behind the opaque."""
    rays, near_solid = clip(origins, directions), _grown(scene.solid, samples)
    color, left = torch.zeros_like(origins), torch.ones_like(rays.near)
    for part in _midpoints(samples).split(SLAB):  # type: ignore[no-untyped-call]
        middle = rays.points(part.mean()[None])[:, 0]
        index = (rays.valid & (left > OPAQUE) & _lookup(near_solid, middle)).nonzero()[:, 0]
        if len(index):
            gained, passed = _march(scene, rays.at(index).points(part), samples)
            color[index] += left[index, None] * gained
            left[index] *= passed
    return color + left[:, None]


def _march(scene: BakedScene, points: Tensor, samples: int) -> tuple[Tensor, Tensor]:
    """(N, K, 3) points along rays -> the colour that this stretch adds (N, 3), the share of light it lets by (N,)."""
    count, steps = points.shape[:2]
    flat = points.flatten(0, 1)
    alpha, color = flat.new_zeros(len(flat)), torch.zeros_like(flat)
    index = _lookup(scene.solid, flat).nonzero()[:, 0]
    density, color[index] = scene.density_and_color(flat[index])
    alpha[index] = 1.0 - torch.exp(-density / samples)
    alpha = alpha.view(count, steps)
    left = torch.cumprod(1.0 - alpha, dim=1)
    weight = alpha * torch.cat([torch.ones_like(left[:, :1]), left[:, :-1]], dim=1)
    return (weight[..., None] * color.view(count, steps, 3)).sum(dim=1), left[:, -1]


def _midpoints(samples: int) -> Tensor:
    """(samples,) middles of equal steps from 0 to 1."""
    edges = torch.linspace(0.0, 1.0, samples + 1)
    return (edges[:-1] + edges[1:]) / 2.0


def _grown(solid: Tensor, samples: int) -> Tensor:
    """Blocks from any point of which something solid lies within half a slab, along the longest ray there is."""
    half = RADIUS * 3.0**0.5 * SLAB / samples
    reach = int(half / (2.0 * RADIUS / BLOCKS)) + 1
    return F.max_pool3d(solid[None, None].float(), 2 * reach + 1, 1, reach)[0, 0] > 0


def _lookup(blocks: Tensor, points: Tensor) -> Tensor:
    """(N, 3) points -> (N,) bool: what the grid of blocks says there."""
    block = block_of(points)
    return blocks.flatten()[(block[:, 0] * BLOCKS + block[:, 1]) * BLOCKS + block[:, 2]]
