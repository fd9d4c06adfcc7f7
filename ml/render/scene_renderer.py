"""Pictures of the scene itself, without any mesh: what the network imagined, soft edges and all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.core.camera import Camera
from ml.core.images import to_bytes
from ml.scene import ray_marching
from ml.scene.protocol import Scene
from ml.scene.ray_marching import Field

SURFACE = 25.0
"""Absorption on the surface, as the published TripoSR has it: a step of a ray there keeps 0.82 of the light."""
STEEPNESS = 8.0
"""Power of density over threshold: a density that saturates inside is opaque at once, and no haze lies around it."""
FAINTEST = 0.3
"""Absorption that counts as nothing: a whole ray of it hides a quarter of what is behind."""
SAMPLES = 2 * ray_marching.SAMPLES
"""Steps of a ray: with fewer, rings show where the edge is steep."""
RAYS = 1 << 18
"""Rays that are marched together."""


@dataclass(frozen=True)
class SampledScene:
    """Any scene as a `Field`; asked where it is."""

    scene: Scene
    solid: Tensor
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
    return SURFACE * (density / scene.threshold).clamp(0.0, 10.0) ** STEEPNESS


@torch.inference_mode()
def field_of(scene: Scene) -> Field:
    """The scene made ready for many pictures."""
    from ml.engines.triposr.scene import TriplaneScene

    if isinstance(scene, TriplaneScene):
        from ml.engines.triposr.bake import bake

        return bake(scene)
    corners = ray_marching.block_corners()
    return SampledScene(scene, ray_marching.solid_blocks(absorption(scene, corners) > FAINTEST))


def picture(field: Field, camera: Camera, size: int) -> NDArray[np.uint8]:
    """(size, size, 4) uint8 sRGB picture with straight alpha of what `camera` sees."""
    origins, directions = camera.rays(size)
    chunks = [slice(first, first + RAYS) for first in range(0, len(origins), RAYS)]
    parts = [ray_marching.march(field, origins[chunk], directions[chunk], field.samples) for chunk in chunks]
    light, left = torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])
    opacity = 1.0 - left
    color = light / opacity.clamp_min(1e-6)[:, None]
    rgba = torch.cat([color.clamp(0.0, 1.0), opacity[:, None]], dim=1)
    return to_bytes(rgba.view(size, size, 4).numpy())
