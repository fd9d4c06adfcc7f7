import numpy as np
import pytest
import torch

from ml.core.camera import DISTANCE, Camera
from ml.training import posing
from tests.ml.training.solids import ball, cube


@pytest.mark.parametrize("fov", [20.0, 40.0, 55.0])
def test_the_picture_fills_85_percent_of_the_frame_and_is_centred(fov):
    view = posing.pose(cube().vertices * [1, 2, 0.5], cube().faces, 33.0, 20.0, fov)
    picture = view.focal * view.vertices[:, :2] / view.vertices[:, 2:]
    low, high = picture.min(axis=0), picture.max(axis=0)
    assert (high - low).max() == pytest.approx(2 * 0.85, abs=6e-3)
    assert np.allclose(low + high, 0.0, atol=2e-3)


def test_the_canonical_lens_puts_the_object_at_the_canonical_distance():
    view = posing.pose(ball().vertices, ball().faces, 0.0, 10.0)
    middle = (view.vertices[:, 2].min() + view.vertices[:, 2].max()) / 2.0
    assert middle * view.to_canonical == pytest.approx(DISTANCE, rel=1e-3)


def test_camera_space_agrees_with_the_camera():
    points = np.random.default_rng(0).uniform(-0.6, 0.6, (20, 3)).astype(np.float32)
    camera = Camera(elevation=25.0, azimuth=70.0)
    expected = camera.project(torch.from_numpy(points)).numpy()
    local = posing.to_camera(points, 70.0, 25.0)
    assert np.allclose(camera.focal * local[:, 0] / (local[:, 2] + DISTANCE), expected[:, 0], atol=1e-4)


def test_faces_stay_outward_in_the_left_handed_camera_space():
    view = posing.pose(ball().vertices, ball().faces, 120.0, 15.0)
    corners = view.vertices[view.faces] - [0, 0, view.distance]
    volume = np.einsum("fi,fi->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))
    assert volume > 0
