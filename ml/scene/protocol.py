"""The one seam between the engines and everything after them: density and colour in a cube."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

from torch import Tensor

from ml.core.camera import Camera


class Scene(Protocol):
    """Density and colour in the cube [-radius, radius]^3 of the canonical frame."""

    @property
    def radius(self) -> float:
        """Half side of the cube."""

    @property
    def threshold(self) -> float:
        """Density above it is inside."""

    @property
    def camera(self) -> Camera:
        """Where the photo was taken from."""

    def density(self, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N,) float32 density."""

    def color(self, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N, 3) float32 sRGB in [0, 1]."""

    def save(self, path: Path) -> None:
        """Write the scene to `path` (.npz, about 1 MB), for `load` to read back."""


def load(path: Path) -> Scene:
    """Read a scene that an engine saved, whichever engine that was. Raises OSError or ValueError when it is not one."""
    import numpy as np

    try:
        with np.load(path) as archive:
            kind = str(archive["kind"])
    except (BadZipFile, KeyError) as error:
        raise ValueError(f"{path} holds no scene: {error}") from error
    if kind == "triplane":
        from ml.engines.triposr.scene import TriplaneScene

        return TriplaneScene.load(path)
    if kind == "volume":
        from ml.scene.volume import VolumeScene

        return VolumeScene.load(path)
    raise ValueError(f"{path} holds no scene that this version knows: {kind}")
