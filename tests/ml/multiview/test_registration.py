"""Registration of exact views of a box."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from ml.core.camera import Camera
from ml.multiview import registration
from ml.multiview.registration import RegisteredView
from tests.ml.multiview.views import BOX, box, front, side, view_of
from tests.ml.scenes import FieldScene

MOVED = Camera(12.0, 70.0, 2.4, target=(0.05, -0.1, 0.08))


@pytest.fixture
def points() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).uniform(-0.5, 0.5, (50, 3)).astype(np.float32))


def test_rotation_is_counter_clockwise_seen_from_above() -> None:
    rotated = registration.rotate_about_z(torch.tensor([[1.0, 0.0, 2.0]]), 90.0)
    assert rotated.numpy() == pytest.approx(np.array([[0.0, 1.0, 2.0]]), abs=1e-6)


def test_a_view_has_the_points_inside_its_scene() -> None:
    extent = front().points.abs().amax(dim=0).numpy()
    assert extent == pytest.approx(BOX, abs=0.04)


def test_the_view_of_an_empty_scene_is_a_point() -> None:
    assert registration.view_of(FieldScene(value=0.0), front().silhouette).points.tolist() == [[0.0, 0.0, 0.0]]


def test_the_two_frames_of_a_registered_view_are_inverse(points: torch.Tensor) -> None:
    registered = RegisteredView(front(), MOVED, depth_scale=1.4, depth_shift=-0.1)
    there_and_back = registered.to_common_frame(registered.to_own_frame(points))
    assert there_and_back.numpy() == pytest.approx(points.numpy(), abs=1e-5)


def test_a_depth_correction_keeps_points_on_their_rays(points: torch.Tensor) -> None:
    registered = RegisteredView(front(), MOVED, depth_scale=1.4, depth_shift=-0.1)
    before = front().scene.camera.project(points)
    after = MOVED.project(registered.to_common_frame(points))
    assert after[:, :2].numpy() == pytest.approx(before[:, :2].numpy(), abs=1e-5)
    expected = ((before[:, 2] - 1.9) * 1.4 - 0.1) * registered.scale + 2.4
    assert after[:, 2].numpy() == pytest.approx(expected.numpy(), abs=1e-5)


def test_the_initial_camera_gives_both_objects_the_same_height_and_centre() -> None:
    half = view_of(box((BOX[1] / 2, BOX[0] / 2, BOX[2] / 2)))
    registered = RegisteredView(half, registration.initial_camera(front(), half, 90.0))
    points = registered.to_common_frame(half.points)
    low, high = points.amin(dim=0).numpy(), points.amax(dim=0).numpy()
    assert registered.camera.azimuth == 90.0
    assert high == pytest.approx(BOX, abs=0.06)
    assert low == pytest.approx([-extent for extent in BOX], abs=0.06)


@pytest.mark.parametrize(
    "wrong", [Camera(azimuth=90.0, distance=2.2), Camera(azimuth=90.0, target=(0.0, 0.0, 0.12))], ids=["size", "height"]
)
def test_refinement_recovers_a_wrong_camera(wrong: Camera) -> None:
    cameras, error = registration.refine([front(), side()], [Camera(), wrong])
    assert error < 0.01
    assert cameras[1].distance == pytest.approx(1.9, abs=0.1)
    assert cameras[1].target[2] == pytest.approx(0.0, abs=0.04)
    assert cameras[0].target == (0.0, 0.0, 0.0) and cameras[0].distance == Camera().distance


def test_a_view_from_the_side_corrects_the_depth() -> None:
    flat = replace(view_of(box((BOX[0] / 2, BOX[1], BOX[2]))), silhouette=front().silhouette)
    registered = [RegisteredView(flat, Camera()), RegisteredView(side(), Camera(azimuth=90.0))]
    corrected, _ = registration.fit_depths(registered)
    assert corrected.depth_scale == pytest.approx(2.0, rel=0.25)
    depth, before = (float(view.to_common_frame(flat.points)[:, 0].abs().max()) for view in (corrected, registered[0]))
    assert abs(depth - BOX[0]) < 0.7 * abs(before - BOX[0])


def test_a_view_from_behind_does_not_correct_the_depth() -> None:
    flat = view_of(box((BOX[0] / 2, BOX[1], BOX[2])))
    registered = [RegisteredView(flat, Camera()), RegisteredView(front(), Camera(azimuth=180.0))]
    assert registration.fit_depths(registered)[0] == registered[0]


def test_views_are_scaled_down_until_their_points_fit() -> None:
    near = [RegisteredView(front(), Camera()), RegisteredView(side(), Camera(azimuth=90.0))]
    scaled = registration.scale_to_fit(near, 0.25)
    reach = max(float(view.to_common_frame(view.view.points).abs().max()) for view in scaled)
    assert reach == pytest.approx(0.25, abs=0.02)
    assert registration.scale_to_fit(near, 0.8) == near
