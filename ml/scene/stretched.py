"""A scene stretched along the photo's view: one photo leaves the depth of an object uncertain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ml.core.camera import Camera
from ml.scene.protocol import Scene
from ml.scene.query import mirror_planes, predicts_colors
from ml.scene.sampled_field import SampledField, sampled_field

MIN_DEPTH = 0.05
"""Least depth of a point, as a fraction of the camera's distance, so that nothing ends up behind the camera."""
PROBES = 48
"""Samples per axis that find out how far the stretched shape extends."""
MARGIN = 0.05
"""Scene units added to that extent: more than the distance between two probes."""


@dataclass(frozen=True)
class StretchedScene:
    """`scene` with depth offsets from the camera's distance multiplied by `factor`; every point stays on its ray.

    The photo's picture of it is therefore the same. Implements `Scene`; the cube is larger if the shape needs it.
    """

    scene: Scene
    view: Camera
    factor: float
    radius: float

    @property
    def threshold(self) -> float:
        return self.scene.threshold

    @property
    def camera(self) -> Camera:
        return self.scene.camera

    @property
    def predicts_colors(self) -> bool:
        return predicts_colors(self.scene)

    @property
    def mirror_planes(self) -> Tensor | None:
        """Those of the scene: the network recognises them in the photo, however deep the object is."""
        return mirror_planes(self.scene)

    def density(self, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N,) density."""
        return self.scene.density(move_in_depth(points, self.view, 1.0 / self.factor))

    def color(self, points: Tensor) -> Tensor:
        """(N, 3) canonical points -> (N, 3) sRGB in [0, 1]."""
        return self.scene.color(move_in_depth(points, self.view, 1.0 / self.factor))

    def save(self, path: Path) -> None:
        """Write the scene without the stretching, which the recipe states."""
        self.scene.save(path)

    def field(self) -> SampledField:
        """Prepared for rendering; parts outside the canonical cube are cut off."""
        return sampled_field(self)


def stretch(scene: Scene, view: Camera, factor: float) -> Scene:
    """`scene` with its depth along `view` multiplied by `factor`; itself for 1."""
    if factor == 1.0:
        return scene
    axis = torch.linspace(-scene.radius, scene.radius, PROBES)
    points = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1).reshape(-1, 3)
    with torch.inference_mode():
        moved = move_in_depth(points[scene.density(points).cpu() > scene.threshold], view, factor)
    extent = float(moved.abs().max()) + MARGIN if len(moved) else 0.0
    return StretchedScene(scene, view, factor, max(scene.radius, extent))


def move_in_depth(points: Tensor, view: Camera, factor: float) -> Tensor:
    """(N, 3) points moved along the rays of `view`: their depth offset from its distance is multiplied by `factor`."""
    local = (points - view.position().to(points)) @ view.axes().to(points).T
    least = MIN_DEPTH * view.distance
    depth = local[:, 2:].clamp_min(least)
    moved = (view.distance + (depth - view.distance) * factor).clamp_min(least)
    return (local * (moved / depth)) @ view.axes().to(points) + view.position().to(points)
