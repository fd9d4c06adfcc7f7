"""The compact engine: a model in about a second on a CPU, without any download."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ml.camera import Camera
from ml.cutout import Cutout
from ml.engines.compact.inflate import half_side, inflated, outline_distance
from ml.engines.compact.scene import VolumeScene, density_of


@dataclass(frozen=True)
class CompactEngine:
    """Inflates the silhouette: the front takes the photo's colours, the back their mirror image."""

    name: str = "compact"
    weights_hash: str = ""

    def infer(self, cutout: Cutout) -> VolumeScene:
        """The scene that the cutout shows, seen from the front at elevation 0."""
        camera = Camera()
        return VolumeScene(
            grid=inflated(cutout.alpha, camera),
            front=torch.from_numpy(np.ascontiguousarray(cutout.rgba[..., :3])),
            outline=outline(cutout, camera),
            camera=camera,
        )


def outline(cutout: Cutout, camera: Camera) -> Tensor:
    """(512, 512) float16 density of the silhouette, for `VolumeScene.outline`."""
    pixel = 2.0 * half_side(camera) / cutout.rgba.shape[0]
    return density_of(torch.from_numpy(outline_distance(cutout.alpha) * pixel)).half()
