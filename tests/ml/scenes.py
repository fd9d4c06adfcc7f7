"""Analytic scenes with known shapes and colours, for tests of everything after the engines."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from ml.core.camera import RADIUS, Camera
from ml.photo.cutout import Cutout
from ml.scene.protocol import Scene
from ml.scene.sampled_field import SampledField, sampled_field

RED = (0.85, 0.12, 0.10)
GREEN = (0.10, 0.65, 0.20)
BLUE = (0.15, 0.25, 0.85)
YELLOW = (0.95, 0.80, 0.15)


@dataclass(frozen=True)
class Part:
    """An ellipsoid (`ball`) or a `box`: `centre` and half extents `size` in the canonical frame, one sRGB `color`."""

    kind: str
    centre: tuple[float, float, float]
    size: tuple[float, float, float]
    color: tuple[float, float, float]

    def distance(self, points: Tensor) -> Tensor:
        """(N,) signed distance, negative inside; approximate for the ellipsoid."""
        local, size = points - points.new_tensor(self.centre), points.new_tensor(self.size)
        if self.kind == "ball":
            radii: Tensor = (local / size).norm(dim=1)
            return (radii - 1.0) * min(self.size)
        beyond = local.abs() - size
        outside: Tensor = beyond.clamp_min(0.0).norm(dim=1)
        return outside + beyond.amax(dim=1).clamp_max(0.0)


TOY = (
    Part("box", (0.0, 0.0, -0.15), (0.30, 0.42, 0.22), RED),
    Part("ball", (0.0, 0.25, 0.20), (0.20, 0.20, 0.26), GREEN),
    Part("box", (0.30, -0.20, -0.05), (0.12, 0.10, 0.10), BLUE),
    Part("box", (-0.28, -0.28, 0.20), (0.05, 0.05, 0.30), YELLOW),
)
"""Every side differs: green ball at the top right, blue nose at the front left, yellow mast at the back left."""


@dataclass(frozen=True)
class AnalyticScene:
    """A union of parts: its density is `threshold` on the surface and grows exponentially inwards."""

    parts: tuple[Part, ...] = TOY
    radius: float = RADIUS
    threshold: float = 25.0
    camera: Camera = field(default_factory=lambda: Camera(elevation=10.0))
    sharpness: float = 30.0

    def density(self, points: Tensor) -> Tensor:
        distance = self._distances(points).amin(dim=1)
        return self.threshold * torch.exp((-self.sharpness * distance).clamp(-20.0, 8.0))

    def color(self, points: Tensor) -> Tensor:
        return points.new_tensor([part.color for part in self.parts])[self._distances(points).argmin(dim=1)]

    def save(self, path: Path) -> None:
        raise OSError("an analytic scene cannot be saved")

    def field(self) -> SampledField:
        return sampled_field(self)

    def _distances(self, points: Tensor) -> Tensor:
        return torch.stack([part.distance(points) for part in self.parts], dim=1)


@dataclass(frozen=True)
class FieldScene(AnalyticScene):
    """A scene of constant density."""

    value: float = 0.0

    def density(self, points: Tensor) -> Tensor:
        return torch.full((len(points),), self.value)


@dataclass(frozen=True)
class SceneEngine:
    """An engine that returns `scene` for every photo. The scene is saved as an empty file."""

    scene: AnalyticScene
    name: str = "fixed"
    weights_hash: str = ""

    def infer(self, cutout: Cutout) -> Scene:
        return _SavableScene(self.scene)


@dataclass(frozen=True)
class _SavableScene:
    """Another scene, with a `save` that works."""

    scene: AnalyticScene

    @property
    def radius(self) -> float:
        return self.scene.radius

    @property
    def threshold(self) -> float:
        return self.scene.threshold

    @property
    def camera(self) -> Camera:
        return self.scene.camera

    def density(self, points: Tensor) -> Tensor:
        return self.scene.density(points)

    def color(self, points: Tensor) -> Tensor:
        return self.scene.color(points)

    def save(self, path: Path) -> None:
        path.touch()

    def field(self) -> SampledField:
        return sampled_field(self)


def ball(radius: float = 0.5, centre: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> AnalyticScene:
    """One red ball."""
    return AnalyticScene((Part("ball", centre, (radius, radius, radius), RED),))


@cache
def cutout_of(scene: AnalyticScene, size: int = 512) -> Cutout:
    """The exact picture from the scene's camera, by sphere tracing."""
    origins, directions = scene.camera.rays(size)
    depth = torch.zeros(len(origins))
    for _ in range(80):
        distance = scene._distances(origins + depth[:, None] * directions).amin(dim=1)
        depth = (depth + 0.9 * distance).clamp_max(4.0)
    points = origins + depth[:, None] * directions
    hit = scene._distances(points).amin(dim=1).abs() < 2e-3
    rgba = torch.zeros(len(origins), 4)
    rgba[hit, :3], rgba[hit, 3] = scene.color(points[hit]), 1.0
    picture = (rgba * 255.0).round().to(torch.uint8).reshape(size, size, 4).numpy()
    return Cutout(picture, (0, 0, size, size), "none")
