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
from ml.engines.compact import decode
from ml.engines.compact.decode import DECODING, DecodingConfig
from ml.engines.compact.inflate import inflate_grid
from ml.engines.compact.network import WEIGHTS, CompactNetwork, load_network
from ml.photo.cutout import Cutout
from ml.scene.volume import VolumeScene, silhouette_density


@dataclass(frozen=True)
class CompactEngine:
    """Runs the trained network; without its weights it inflates the silhouette instead."""

    name: str = "compact"
    weights: Path = WEIGHTS
    decoding: DecodingConfig = DECODING

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights, empty where they are missing."""
        return hashlib.sha256(self.weights.read_bytes()).hexdigest() if self.weights.exists() else ""

    def infer(self, cutout: Cutout) -> VolumeScene:
        """The scene that the cutout shows, upright: its camera has the predicted elevation."""
        return predict(_network(self.weights), cutout, self.decoding) if self.weights.exists() else inflate(cutout)


@lru_cache(maxsize=1)
def _network(weights: Path) -> CompactNetwork:
    return load_network(weights)


def predict(network: CompactNetwork, cutout: Cutout, decoding: DecodingConfig = DECODING) -> VolumeScene:
    """The scene that the network predicts from the cutout."""
    output, logits = decode.run_network(network, cutout.rgba)
    volume = decode.ray_volume(output, logits, cutout.alpha, decoding)
    return VolumeScene(
        grid=decode.upright_grid(volume, cutout.alpha),
        front=_photo(cutout),
        back=decode.back_picture(output, cutout.rgba),
        silhouette=silhouette_density(cutout.alpha, volume.camera),
        camera=volume.camera,
        mirror_planes=None if output.mirror is None else output.mirror[0].sigmoid(),
    )


def inflate(cutout: Cutout) -> VolumeScene:
    """The scene without a network: the inflated silhouette seen at elevation 0, the photo's colours on both sides."""
    camera = Camera()
    return VolumeScene(
        grid=inflate_grid(cutout.alpha, camera),
        front=_photo(cutout),
        silhouette=silhouette_density(cutout.alpha, camera),
        camera=camera,
    )


def _photo(cutout: Cutout) -> Tensor:
    """(S, S, 3) uint8 sRGB, also beyond the silhouette."""
    return torch.from_numpy(np.ascontiguousarray(cutout.rgba[..., :3]))
