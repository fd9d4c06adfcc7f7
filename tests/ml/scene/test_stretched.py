"""A scene stretched along the photo's view keeps the photo's picture and changes its depth."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ml.core.masks import iou
from ml.evaluation.single_photo import silhouette
from ml.mesh import marching_cubes
from ml.scene.query import mirror_planes
from ml.scene.stretched import move_in_depth, stretch
from ml.scene.volume import VolumeScene
from tests.ml.scenes import AnalyticScene, ball

SCENE = AnalyticScene()


def extent_along_view(scene: AnalyticScene, factor: float) -> float:
    mesh = marching_cubes.extract(stretch(scene, scene.camera, factor), 64)
    return float(np.ptp(mesh.vertices @ scene.camera.axes()[2].numpy()))


def test_a_factor_of_one_is_the_scene_itself() -> None:
    assert stretch(SCENE, SCENE.camera, 1.0) is SCENE


@pytest.mark.parametrize("factor", [0.6, 1.6])
def test_the_depth_changes_by_the_factor(factor: float) -> None:
    assert extent_along_view(ball(0.3), factor) / extent_along_view(ball(0.3), 1.0) == pytest.approx(factor, rel=0.03)


@pytest.mark.parametrize("factor", [0.6, 1.6])
def test_the_photo_shows_the_same(factor: float) -> None:
    mesh = marching_cubes.extract(stretch(SCENE, SCENE.camera, factor), 96)
    true = marching_cubes.extract(SCENE, 96)
    assert iou(silhouette(mesh, SCENE.camera), silhouette(true, SCENE.camera)) > 0.97


def test_a_point_keeps_its_colour() -> None:
    points = torch.tensor([[0.3, 0.4, -0.1], [-0.28, -0.28, 0.4]])
    stretched = stretch(SCENE, SCENE.camera, 1.3)
    assert torch.equal(stretched.color(move_in_depth(points, SCENE.camera, 1.3)), SCENE.color(points))


def test_a_deep_shape_is_not_cut_off_by_the_cube() -> None:
    assert extent_along_view(ball(0.7), 1.6) == pytest.approx(1.6 * extent_along_view(ball(0.7), 1.0), rel=0.03)


def test_the_mirror_planes_stay_what_the_network_predicted() -> None:
    planes = torch.rand(36)
    volume = VolumeScene(torch.zeros(8, 8, 8).half(), torch.zeros(8, 8, 3, dtype=torch.uint8), mirror_planes=planes)
    deeper = mirror_planes(stretch(volume, volume.camera, 1.3))
    assert deeper is not None and torch.equal(deeper, planes)
    assert mirror_planes(stretch(ball(), ball().camera, 1.3)) is None
