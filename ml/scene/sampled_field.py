"""Any scene as a `Field` for ray marching: sampled at each point, except where space is empty."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ml.scene import ray_marching
from ml.scene.protocol import Scene

SURFACE = 25.0
"""Absorption on the surface, as in the published TripoSR: a ray keeps 0.82 of its light in one step there."""
STEEPNESS = 8.0
"""Exponent of density over threshold: a density that saturates inside is opaque at once, without haze around it."""
FAINTEST = 0.3
"""Absorption that counts as nothing: a whole ray of it hides a quarter of what is behind."""
STRONGEST = 10.0
"""Density over threshold at which the absorption stops growing: opaque many times over, and far from overflow."""
SAMPLES = 2 * ray_marching.SAMPLES
"""Steps of a ray: with fewer, rings show where the edge is steep."""


@dataclass(frozen=True)
class SampledField:
    """A scene and its occupied blocks. Implements `Field`."""

    scene: Scene
    occupied: Tensor
    samples: int = SAMPLES

    def density_and_color(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3) canonical points -> absorption (N,) and sRGB (N, 3), black where it is next to nothing."""
        density = absorption(self.scene, points)
        color = torch.zeros_like(points)
        index = (density > FAINTEST).nonzero()[:, 0]
        if len(index):
            color[index] = self.scene.color(points[index]).float().cpu()
        return torch.where(density > FAINTEST, density, 0.0), color


def absorption(scene: Scene, points: Tensor) -> Tensor:
    """(N,) how fast light is lost at (N, 3) points: `SURFACE` where the density is the scene's threshold."""
    density = scene.density(points).float().cpu().nan_to_num(0.0)
    return SURFACE * (density / scene.threshold).clamp(0.0, STRONGEST) ** STEEPNESS


@torch.inference_mode()
def sampled_field(scene: Scene) -> SampledField:
    """The scene with its empty blocks found, by sampling it at the blocks' corners."""
    corners = ray_marching.block_corners()
    return SampledField(scene, ray_marching.occupied_blocks(absorption(scene, corners) > FAINTEST))
