"""The scene that TripoSR makes: three planes of codes and the decoder that reads them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from ml.core.camera import RADIUS, Camera
from ml.engines.triposr import decoder
from ml.engines.triposr.bake import BakedScene, bake
from ml.engines.triposr.decoder import Decoder, Layers
from ml.engines.triposr.network import Weights

THRESHOLD = 25.0
"""Density of the surface in the published code."""


@dataclass(frozen=True)
class TriplaneScene:
    """Density and colour from scene codes (3, C, S, S) and the decoder's layers. Implements `Scene`."""

    planes: Tensor
    layers: Layers
    camera: Camera = field(default_factory=lambda: Camera(assumed=True))
    threshold: float = THRESHOLD
    radius: float = RADIUS
    _decoder: Decoder = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_decoder", decoder.fold(self.planes, self.layers))

    def density(self, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N,) float32 density, on the points' device."""
        return decoder.density(self.decode(points))

    def color(self, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N, 3) float32 sRGB in [0, 1]."""
        return decoder.color(self.decode(points))

    def decode(self, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N, 4): what the decoder says before its activations."""
        return decoder.decode(self._decoder, points).to(points.device)

    def density_and_color(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Both for the price of one."""
        raw = self.decode(points)
        return decoder.density(raw), decoder.color(raw)

    def save(self, path: Path) -> None:
        """Write codes (float16) and decoder (float32) as .npz, about 1 MB; the same scene gives the same bytes."""
        camera = [self.camera.elevation, self.camera.azimuth, self.camera.distance, self.camera.fov]
        arrays: dict[str, Any] = {
            "kind": "triplane",
            "camera": camera,
            "camera_assumed": self.camera.assumed,
            "threshold": self.threshold,
            "radius": self.radius,
        }
        arrays["scene_codes"] = self.planes.cpu().half().numpy()
        for index, (matrix, bias) in enumerate(self.layers):
            arrays[f"decoder.layers.{2 * index}.weight"] = matrix.cpu().float().numpy()
            arrays[f"decoder.layers.{2 * index}.bias"] = bias.cpu().float().numpy()
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)

    def field(self) -> BakedScene:
        """The scene prepared for rendering many views."""
        return bake(self)

    @classmethod
    def load(cls, path: Path) -> TriplaneScene:
        """Read what `save` wrote. Raises OSError, or ValueError when it is something else."""
        try:
            with np.load(path, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            planes = torch.from_numpy(arrays["scene_codes"])
            layers = decoder_layers({name: torch.from_numpy(arrays[name]) for name in arrays if "decoder" in name})
            angles = arrays["camera"].tolist() if "camera" in arrays else ()
            camera = replace(Camera(*angles), assumed=bool(arrays.get("camera_assumed", True)))
        except (BadZipFile, KeyError, TypeError) as error:
            raise ValueError(f"{path} holds no triplane scene: {error}") from error
        _check_shapes(path, planes, layers)
        threshold, radius = float(arrays.get("threshold", THRESHOLD)), float(arrays.get("radius", RADIUS))
        return cls(planes, layers, camera, threshold, radius)


def _check_shapes(path: Path, planes: Tensor, layers: Layers) -> None:
    inputs = [3 * planes.shape[1] if planes.dim() == 4 else 0, *(matrix.shape[0] for matrix, _ in layers)]
    if planes.dim() != 4 or len(planes) != 3 or inputs != [*(matrix.shape[-1] for matrix, _ in layers), 4]:
        raise ValueError(f"{path} holds planes and a decoder that do not belong together.")


def decoder_layers(weights: Weights) -> Layers:
    """The decoder's layers in order, from tensors named as in the checkpoint."""
    numbers = sorted(int(name.split(".")[2]) for name in weights if name.startswith("decoder.") and "weight" in name)
    names = [f"decoder.layers.{number}" for number in numbers]
    return tuple((weights[f"{name}.weight"].float(), weights[f"{name}.bias"].float()) for name in names)
