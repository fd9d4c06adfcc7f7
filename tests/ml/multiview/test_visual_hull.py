"""Silhouettes and visual hulls of shapes whose distances are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ml.core.camera import Camera
from ml.multiview import visual_hull
from ml.photo.cutout import Cutout
from tests.ml.multiview.views import BOX, front, side, view_of
from tests.ml.scenes import AnalyticScene, Part

FRONT, RIGHT = Camera(), Camera(azimuth=90.0)


def test_the_cone_of_a_ball_has_the_known_distance() -> None:
    """Of a ball of radius 0.5 at distance 1.9: the cone's radius in the plane of the centre is tan(asin(0.5 / 1.9))."""
    scene = AnalyticScene((Part("ball", (0.0, 0.0, 0.0), (0.5, 0.5, 0.5), (1.0, 0.0, 0.0)),), camera=FRONT)
    radius = float(1.9 * np.tan(np.arcsin(0.5 / 1.9)))
    points = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.3, 0.0], [0.0, 0.0, radius], [0.0, -0.65, 0.0], [0.0, 2.0, 0.0]])
    distance = view_of(scene).silhouette.cone_distance(FRONT, points)
    assert distance.numpy() == pytest.approx(radius - points.norm(dim=1).numpy(), abs=0.02)


def test_the_hull_of_two_views_is_bounded_by_both_silhouettes() -> None:
    points = torch.tensor([[0.1, 0.3, 0.2], [0.5, 0.0, 0.0], [0.0, 0.75, 0.0], [0.0, 0.0, 0.6]])
    one = visual_hull.hull_distance([front().silhouette], [FRONT], points)
    both = visual_hull.hull_distance([front().silhouette, side().silhouette], [FRONT, RIGHT], points)
    assert (one > 0).tolist() == [True, True, False, False]
    assert (both > 0).tolist() == [True, False, False, False]


def test_points_project_to_the_pixel_that_contains_them() -> None:
    step = FRONT.half_extent / 4.0
    points = torch.tensor([[0.0, -3.5 * step, 3.5 * step], [0.0, 0.5 * step, -0.5 * step], [0.0, 4.5 * step, 0.0]])
    assert visual_hull.pixel_indices(FRONT, points, side=8).tolist() == [0, 4 * 8 + 4, 64]


def test_correct_cameras_have_no_silhouette_error_and_wrong_ones_do() -> None:
    silhouettes = [front().silhouette, side().silhouette]
    assert visual_hull.silhouette_error(silhouettes, [FRONT, RIGHT]) < 0.01
    for wrong in (Camera(azimuth=0.0), Camera(azimuth=90.0, distance=2.6), Camera(azimuth=90.0, target=(0, 0, 0.3))):
        assert visual_hull.silhouette_error(silhouettes, [FRONT, wrong]) > 0.05


def test_an_empty_hull_leaves_a_silhouette_unfilled() -> None:
    nothing = torch.zeros(0, dtype=torch.long)
    assert visual_hull.unfilled_fraction(front().silhouette, nothing, torch.zeros(0)) > 0.95
    empty = visual_hull.silhouette_of(Cutout(np.zeros((64, 64, 4), np.uint8), (0, 0, 64, 64), "none"))
    assert visual_hull.unfilled_fraction(empty, nothing, torch.zeros(0)) == 1.0


def test_the_object_covers_its_own_silhouette_and_not_that_of_another_side() -> None:
    points = front().points
    assert visual_hull.silhouette_iou(front().silhouette, FRONT, points) > 0.9
    assert visual_hull.silhouette_iou(front().silhouette, RIGHT, points) < 0.65


def test_the_mask_has_the_proportions_of_the_object() -> None:
    rows = front().silhouette.mask.view(visual_hull.MASK_SIDE, visual_hull.MASK_SIDE)
    height, width = int(rows.any(dim=1).sum()), int(rows.any(dim=0).sum())
    assert height / width == pytest.approx(BOX[2] / BOX[1], abs=0.08)
