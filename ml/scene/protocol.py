"""The one seam between the engines and everything after them: density and colour in a cube."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from torch import Tensor

from ml.core.camera import Camera
from ml.scene.ray_marching import Field


class Scene(Protocol):
    """Density and colour in the cube [-radius, radius]^3 of the canonical frame.

    A scene whose colours are only projected from photos has an attribute `predicts_colors` that is False
    (`query.predicts_colors`): its models then continue the observed colours over what no photo shows. One that knows
    how probable its mirror planes are has `mirror_planes` (`query.mirror_planes`).
    """

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
        """Write the scene to `path` (.npz, about 1 MB) with its `kind`, for `ml.engines.load_scene` to read back."""

    def field(self) -> Field:
        """The scene prepared for rendering many views."""
