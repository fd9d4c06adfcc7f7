"""Density and colour of a scene at many points, in chunks that fit into memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ml.core.images import Floats
from ml.core.memory import free_memory
from ml.errors import ReconstructionError
from ml.scene.protocol import Scene

CHUNK = 1 << 17
"""Points per query: bounds the memory of a network's hidden layers to some tens of megabytes."""
AMPLE_MEMORY = 1 << 30
"""Free bytes below which a chunk of densities has an eighth of the points."""
MAX_DENSITY = 1e30
"""Densities are clipped to this magnitude, so that their differences stay finite."""
UNKNOWN_COLOR = 0.5
"""What replaces a colour channel that is not a number: middle grey."""


def densities(scene: Scene, points: Floats) -> Floats:
    """(N,) densities at (N, 3) canonical points. Raises ReconstructionError(`empty_scene`) where one is NaN."""
    size = CHUNK if free_memory() > AMPLE_MEMORY else CHUNK // 8
    with torch.inference_mode():
        parts = [scene.density(chunk).float().cpu().numpy() for chunk in _chunks(points, size)]
    density = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    if np.isnan(density).any():
        raise ReconstructionError("empty_scene")
    return np.clip(density, -MAX_DENSITY, MAX_DENSITY)


def scene_colors(scene: Scene, points: Floats) -> Floats:
    """(N, 3) sRGB in [0, 1] at (N, 3) canonical points."""
    with torch.inference_mode():
        parts = [scene.color(chunk).float().cpu().numpy() for chunk in _chunks(points, CHUNK)]
    color = np.concatenate(parts) if parts else np.zeros((0, 3), np.float32)
    return np.nan_to_num(color, nan=UNKNOWN_COLOR).clip(0.0, 1.0)


def predicts_colors(scene: Scene) -> bool:
    """Whether the scene's colours are predicted in space; otherwise they are those of the photo, projected through."""
    return bool(getattr(scene, "predicts_colors", True))


def mirror_planes(scene: Scene) -> Tensor | None:
    """(N,) probabilities of upright mirror planes, as in `VolumeScene`; None where the scene predicts none."""
    planes: Tensor | None = getattr(scene, "mirror_planes", None)
    return planes


def _chunks(points: Floats, size: int) -> Iterator[Tensor]:
    return (torch.from_numpy(points[start : start + size]) for start in range(0, len(points), size))
