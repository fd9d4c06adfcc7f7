import numpy as np
import pytest
import torch

from ml.core.camera import DISTANCE, Camera
from ml.training import posing
from tests.ml.training.primitives import ball, cube


@pytest.mark.parametrize("fov", [20.0, 40.0, 55.0])
def test_the_picture_fills_85_percent_of_the_frame_and_is_centred(fov: float) -> None:
    posed = posing.pose(cube().vertices * np.array([1, 2, 0.5], np.float32), cube().faces, 33.0, 20.0, fov)
    picture = posed.focal * posed.vertices[:, :2] / posed.vertices[:, 2:]
    low, high = picture.min(axis=0), picture.max(axis=0)
    assert (high - low).max() == pytest.approx(2 * 0.85, abs=6e-3)
    assert np.allclose(low + high, 0.0, atol=2e-3)


def test_the_canonical_field_of_view_puts_the_object_at_the_canonical_distance() -> None:
    posed = posing.pose(ball().vertices, ball().faces, 0.0, 10.0)
    middle = (posed.vertices[:, 2].min() + posed.vertices[:, 2].max()) / 2.0
    assert middle * posed.to_canonical == pytest.approx(DISTANCE, rel=1e-3)


def test_camera_space_agrees_with_the_camera() -> None:
    points = np.random.default_rng(0).uniform(-0.6, 0.6, (20, 3)).astype(np.float32)
    camera = Camera(elevation=25.0, azimuth=70.0)
    expected = camera.project(torch.from_numpy(points)).numpy()
    local = posing.to_camera(points, 70.0, 25.0)
    assert np.allclose(camera.focal * local[:, 0] / (local[:, 2] + DISTANCE), expected[:, 0], atol=1e-4)


def test_faces_stay_outward_in_the_left_handed_camera_space() -> None:
    posed = posing.pose(ball().vertices, ball().faces, 120.0, 15.0)
    corners = posed.vertices[posed.faces] - [0, 0, posed.distance]
    volume = np.einsum("fi,fi->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))
    assert volume > 0
