"""Volume rendering: any scene, without a mesh."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ml.core.camera import Camera
from ml.engines.compact.engine import inflate
from ml.render import scene_renderer
from ml.scene import ray_marching, sampled_field
from ml.scene.volume import VolumeScene
from tests.ml.scenes import AnalyticScene, FieldScene, ball, cutout_of

SIZE = 96


def rendered(scene: AnalyticScene | VolumeScene, camera: Camera, size: int = SIZE) -> NDArray[Any]:
    return scene_renderer.render(scene.field(), camera, size)


def test_the_picture_matches_the_exact_one_in_silhouette_and_colour() -> None:
    scene = AnalyticScene()
    exact = cutout_of(scene, SIZE).rgba
    picture = rendered(scene, scene.camera)
    ours, theirs = picture[..., 3] > 127, exact[..., 3] > 127
    assert (ours & theirs).sum() > 0.93 * (ours | theirs).sum()
    both = (picture[..., 3] > 250) & theirs
    assert np.abs(picture[both, :3].astype(float) - exact[both, :3]).mean() < 8.0


def test_a_scene_of_the_compact_engine_matches_its_photo_from_the_front() -> None:
    toy = AnalyticScene(camera=Camera())
    cutout = cutout_of(toy)
    picture = rendered(inflate(cutout), toy.camera)
    photo = np.asarray(Image.fromarray(cutout.rgba).resize((SIZE, SIZE), Image.Resampling.BOX))
    ours, theirs = picture[..., 3] > 127, photo[..., 3] > 127
    assert (ours & theirs).sum() > 0.9 * (ours | theirs).sum()
    both = (picture[..., 3] > 250) & (photo[..., 3] == 255)
    assert np.abs(picture[both, :3].astype(float) - photo[both, :3]).mean() < 12.0


def test_edges_are_soft_and_keep_their_colour() -> None:
    picture = rendered(ball(), Camera())
    edge = (picture[..., 3] > 40) & (picture[..., 3] < 200)
    assert edge.sum() > 20
    assert np.allclose(picture[edge, :3].mean(axis=0) / 255.0, (0.85, 0.12, 0.10), atol=0.03)


@pytest.mark.parametrize("value", [0.0, float("nan")])
def test_an_empty_scene_is_transparent(value: float) -> None:
    assert rendered(FieldScene(value=value), Camera(), 32)[..., 3].max() == 0


def test_the_far_side_is_occluded() -> None:
    """Seen from behind, the nose at the front is hidden by the body."""
    picture = rendered(AnalyticScene(), Camera(azimuth=180.0))
    blue = (picture[..., 3] > 127) & (picture[..., 2] > 1.5 * picture[..., :2].max(axis=2).astype(float))
    assert blue.sum() == 0


@dataclass(frozen=True)
class CountingScene(AnalyticScene):
    """Records the size of each query."""

    sizes: list[int] = field(default_factory=list)

    def density(self, points: Tensor) -> Tensor:
        self.sizes.append(len(points))
        return super().density(points)


def test_empty_space_and_the_inside_are_not_sampled() -> None:
    scene = CountingScene()
    prepared = scene.field()
    scene.sizes.clear()
    scene_renderer.render(prepared, Camera(), SIZE)
    assert 0 < sum(scene.sizes) < 0.15 * prepared.samples * SIZE * SIZE


def test_skipping_samples_does_not_change_the_picture() -> None:
    scene = AnalyticScene()
    origins, directions = Camera(10.0, 30.0).rays(48)
    rays = ray_marching.clip(origins, directions)
    steps = sampled_field.SAMPLES
    points = rays.points(ray_marching.midpoints(steps))
    alpha = 1.0 - torch.exp(-sampled_field.absorption(scene, points.flatten(0, 1)).view(len(origins), -1) / steps)
    before = torch.cumprod(torch.cat([torch.ones(len(origins), 1), 1.0 - alpha[:, :-1]], dim=1), dim=1)
    color = scene.color(points.flatten(0, 1)).view(*alpha.shape, 3)
    dense = ((alpha * before)[..., None] * color).sum(dim=1) * rays.valid[:, None]
    light, _ = ray_marching.march(scene.field(), origins, directions, steps)
    assert float((light - dense).square().mean()) < 1e-4
