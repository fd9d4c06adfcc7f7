"""Depth of the first surface: exact on a ball, and open where a ray meets nothing."""

from __future__ import annotations

import pytest
import torch

from ml.core.camera import RADIUS, Camera
from ml.scene.first_surface import STEPS, first_surface_depth
from tests.ml.scenes import ball

CAMERA = Camera(elevation=20.0, azimuth=40.0)
SIZE = 33
"""Odd, so that one pixel looks along the axis."""


def ball_depth(hits_silhouette: torch.Tensor | None = None) -> torch.Tensor:
    scene = ball(0.5)
    return first_surface_depth(
        scene.density,
        CAMERA,
        SIZE,
        radius=scene.radius,
        threshold=scene.threshold,
        hits_silhouette=hits_silhouette,
    )


def test_the_depth_along_the_axis_is_that_of_the_near_side() -> None:
    depth = ball_depth()[SIZE // 2, SIZE // 2]
    assert float(depth) == pytest.approx(CAMERA.distance - 0.5, abs=2.0 * RADIUS / STEPS)


def test_a_ray_that_meets_nothing_gets_the_largest_depth() -> None:
    assert float(ball_depth()[0, 0]) == pytest.approx(CAMERA.distance + RADIUS)


def test_a_ray_outside_the_silhouette_is_not_marched() -> None:
    depth = ball_depth(torch.zeros(SIZE * SIZE, dtype=torch.bool))
    assert torch.equal(depth, torch.full((SIZE, SIZE), CAMERA.distance + RADIUS))
