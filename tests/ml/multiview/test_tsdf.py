"""TSDF fusion of exact views of balls and boxes."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from ml.core.camera import RADIUS, Camera
from ml.mesh import marching_cubes
from ml.multiview import tsdf, visual_hull
from ml.multiview.registration import RegisteredView, View
from ml.scene.volume import TRUNCATION, VolumeScene
from tests.ml.multiview.views import front, side
from tests.ml.scenes import BLUE, RED, AnalyticScene, Part, cutout_of

BALL = 0.4
"""Radius of the balls."""


@cache
def ball(color: tuple[float, float, float] = RED) -> View:
    """A ball around the origin as a volume, photographed at azimuth 0."""
    scene = AnalyticScene((Part("ball", (0.0, 0.0, 0.0), (BALL, BALL, BALL), color),), camera=Camera())
    cutout = cutout_of(scene, 128)
    return View(tsdf.as_volume(scene, cutout), visual_hull.silhouette_of(cutout), torch.zeros(1, 3))


def along_x(*positions: float) -> torch.Tensor:
    """Points on the axis of the camera at azimuth 0, which is at x = 1.9."""
    return torch.tensor([[position, 0.0, 0.0] for position in positions])


def test_a_sampled_scene_has_the_same_surface_and_colours() -> None:
    mesh = marching_cubes.extract(ball().scene, 96)
    assert np.linalg.norm(mesh.vertices, axis=1) == pytest.approx(BALL, abs=0.012)
    assert ball().scene.color(along_x(BALL)).numpy() == pytest.approx(np.array([RED]), abs=0.01)


def test_a_volume_is_not_sampled_again() -> None:
    scene = ball().scene
    assert tsdf.as_volume(scene, cutout_of(AnalyticScene(), 128)) is scene


def test_a_photo_has_full_weight_down_to_a_little_behind_its_first_surface() -> None:
    registered = RegisteredView(ball(), Camera())
    depth_map = tsdf._depth_map(ball().scene)
    behind = tsdf.OBSERVED_DEPTH + tsdf.FALLOFF
    weight = tsdf.weights(registered, depth_map, along_x(0.8, BALL, BALL - behind - 0.03, -BALL), 0.5)
    assert weight.numpy() == pytest.approx([1.0, 1.0, 0.5, 0.5])
    middle = tsdf.weights(registered, depth_map, along_x(BALL - tsdf.OBSERVED_DEPTH - tsdf.FALLOFF / 2), 0.5)
    assert float(middle) == pytest.approx(0.75, abs=0.12)


def test_the_average_of_equal_views_is_their_distance_to_the_surface() -> None:
    views = [RegisteredView(ball(), Camera(azimuth=azimuth)) for azimuth in (0.0, 90.0)]
    found = tsdf.average_distances(views, along_x(0.0, 0.36, BALL, 0.43, 0.6))
    assert found.untruncated.numpy() == pytest.approx([0.4, 0.04, 0.0, -0.03, -0.2], abs=0.025)
    assert found.truncated.numpy() == pytest.approx([TRUNCATION, 0.04, 0.0, -0.03, -TRUNCATION], abs=0.02)


def test_the_front_decides_the_shape_that_it_observes() -> None:
    """A photo from behind that predicts a larger front has half the weight there."""
    views = [RegisteredView(ball(), Camera()), RegisteredView(ball(), Camera(azimuth=180.0), depth_shift=0.05)]
    found = tsdf.average_distances(views, along_x(BALL))
    assert float(found.truncated) == pytest.approx(0.05 * 0.5 / 1.5, abs=0.007)


def test_every_ray_through_a_silhouette_is_filled_where_the_photos_disagree() -> None:
    """As with a thin part that the photos place at different depths: the mean is outside everywhere."""
    registered = [RegisteredView(front(), Camera()), RegisteredView(side(), Camera(azimuth=90.0))]
    points = visual_hull.grid_points(80, RADIUS)
    hull = tsdf._hull_distance(registered, points)
    nowhere = tsdf.FusedDistances(torch.full((len(points),), -0.08), -0.1 - points.norm(dim=1))
    filled = tsdf.fill_silhouettes(registered, points, nowhere, hull)
    for view in registered:
        assert visual_hull.silhouette_iou(view.view.silhouette, view.camera, points[filled > 0.0]) > 0.9
    assert (filled > 0.0).float().mean() < 0.6 * (hull > 0.0).float().mean()


def test_the_fused_surface_is_smooth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise in the distances on the scale of a grid cell does not show in the surface."""
    generator = torch.Generator().manual_seed(1)

    def noisy(registered: object, points: torch.Tensor, distances: object, hull: torch.Tensor) -> torch.Tensor:
        distance: torch.Tensor = 0.3 - points.norm(dim=1) + 0.02 * torch.randn(len(points), generator=generator)
        return distance

    monkeypatch.setattr(tsdf, "fill_silhouettes", noisy)
    grid = tsdf.fuse_density([RegisteredView(ball(), Camera())])
    mesh = marching_cubes.extract(VolumeScene(grid, torch.zeros(8, 8, 3, dtype=torch.uint8)), 128)
    assert np.linalg.norm(mesh.vertices, axis=1).std() < 0.005


def test_two_views_are_fused_with_the_colours_of_each_side() -> None:
    views = [RegisteredView(ball(RED), Camera()), RegisteredView(ball(BLUE), Camera(azimuth=180.0))]
    grid = tsdf.fuse_density(views)
    fused = VolumeScene(grid, torch.zeros(8, 8, 3, dtype=torch.uint8), colors=tsdf.fuse_colors(views, grid))
    mesh = marching_cubes.extract(fused, 96)
    assert np.linalg.norm(mesh.vertices, axis=1) == pytest.approx(BALL, abs=0.03)
    assert fused.color(along_x(BALL, -BALL)).numpy() == pytest.approx(np.array([RED, BLUE]), abs=0.06)
    assert float(grid[[0, -1]].max()) == 0.0
