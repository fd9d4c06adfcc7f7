"""The compact engine: a model in about a second on a CPU, without any download."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ml.core.camera import Camera
from ml.core.masks import silhouette_sdf
from ml.engines.compact import decode
from ml.engines.compact.inflate import inflated
from ml.engines.compact.network import WEIGHTS, CompactNetwork, load_network
from ml.photo.cutout import Cutout
from ml.scene.volume import VolumeScene, density_of


@dataclass(frozen=True)
class CompactEngine:
    """Asks the trained network; where its weights are missing, the silhouette is inflated instead."""

    name: str = "compact"
    weights: Path = WEIGHTS

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights, empty where they are missing."""
        return hashlib.sha256(self.weights.read_bytes()).hexdigest() if self.weights.exists() else ""

    def infer(self, cutout: Cutout) -> VolumeScene:
        """The scene that the cutout shows, upright: its camera has the estimated elevation."""
        return learned(_network(self.weights), cutout) if self.weights.exists() else inflate(cutout)


@lru_cache(maxsize=1)
def _network(weights: Path) -> CompactNetwork:
    return load_network(weights)


def learned(network: CompactNetwork, cutout: Cutout) -> VolumeScene:
    """What the network imagines behind the photo."""
    output, logits = decode.ask(network, cutout.rgba)
    volume = decode.ray_volume(output, logits, cutout.alpha)
    return VolumeScene(
        grid=decode.upright_grid(volume, cutout.alpha),
        front=_photo(cutout),
        back=decode.back_picture(output, cutout.rgba),
        outline=outline(cutout, volume.camera),
        camera=volume.camera,
    )


def inflate(cutout: Cutout) -> VolumeScene:
    """The silhouette blown up, seen from elevation 0: the back takes the mirror image of the photo's colours."""
    camera = Camera()
    grid = inflated(cutout.alpha, camera)
    return VolumeScene(grid=grid, front=_photo(cutout), outline=outline(cutout, camera), camera=camera)


def _photo(cutout: Cutout) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(cutout.rgba[..., :3]))


def outline(cutout: Cutout, camera: Camera) -> Tensor:
    """(512, 512) float16 density of the silhouette, for `VolumeScene.outline`."""
    pixel = 2.0 * camera.half_extent / cutout.rgba.shape[0]
    return density_of(torch.from_numpy(silhouette_sdf(cutout.alpha) * pixel)).half()
