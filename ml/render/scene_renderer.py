"""Pictures of the scene itself: the network's own density, soft edges included."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ml.core.camera import Camera
from ml.core.images import to_bytes
from ml.core.masks import nearest_index
from ml.scene import ray_marching
from ml.scene.ray_marching import Field

RAYS = 1 << 18
"""Rays that are marched together, which bounds the memory of a step."""


def render(field: Field, camera: Camera, size: int) -> NDArray[np.uint8]:
    """(size, size, 4) uint8 sRGB picture with straight alpha of the field seen by `camera`."""
    origins, directions = camera.rays(size)
    chunks = [slice(first, first + RAYS) for first in range(0, len(origins), RAYS)]
    parts = [ray_marching.march(field, origins[chunk], directions[chunk], field.samples) for chunk in chunks]
    light, transmittance = torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])
    opacity = 1.0 - transmittance
    color = light / opacity.clamp_min(1e-6)[:, None]
    rgba = torch.cat([color.clamp(0.0, 1.0), opacity[:, None]], dim=1)
    return to_bytes(rgba.view(size, size, 4).numpy())


def recolored(picture: NDArray[np.uint8], painted: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The (S, S, 4) picture of a scene in the colours of its `painted` model; around that, in those next to it."""
    covered = painted[..., 3] > 127
    if not covered.any():
        return picture
    return np.dstack([painted[..., :3][nearest_index(covered)], picture[..., 3]])
