"""The camera: its pose, projection and rays."""

from __future__ import annotations

import pytest
import torch

from ml.core.camera import Camera

ANGLES = [(0.0, 0.0), (30.0, 0.0), (-20.0, 75.0), (60.0, 200.0)]


def project(camera: Camera, *point: float) -> list[float]:
    return camera.project(torch.tensor([point]))[0].tolist()


def test_the_default_camera_is_on_the_x_axis() -> None:
    assert Camera().position().tolist() == pytest.approx([1.9, 0.0, 0.0])


def test_y_appears_on_the_right_and_z_above() -> None:
    right, above = project(Camera(), 0.0, 0.3, 0.0), project(Camera(), 0.0, 0.0, 0.3)
    assert right[0] > 0.0 and right[1] == pytest.approx(0.0, abs=1e-6)
    assert above[1] < 0.0 and above[0] == pytest.approx(0.0, abs=1e-6)


def test_azimuth_grows_from_x_to_y() -> None:
    assert Camera(azimuth=90.0).position().tolist() == pytest.approx([0.0, 1.9, 0.0], abs=1e-6)


def test_elevation_raises_the_camera() -> None:
    assert Camera(elevation=90.0).position().tolist() == pytest.approx([0.0, 0.0, 1.9], abs=1e-6)


@pytest.mark.parametrize(("elevation", "azimuth"), ANGLES)
def test_the_camera_looks_at_the_origin(elevation: float, azimuth: float) -> None:
    assert project(Camera(elevation, azimuth), 0.0, 0.0, 0.0) == pytest.approx([0.0, 0.0, 1.9], abs=1e-5)


@pytest.mark.parametrize(("elevation", "azimuth"), ANGLES)
def test_the_axes_are_right_handed_and_orthogonal(elevation: float, azimuth: float) -> None:
    axes = Camera(elevation, azimuth).axes()
    assert torch.allclose(axes @ axes.T, torch.eye(3), atol=1e-5)
    assert torch.allclose(torch.linalg.cross(axes[0], axes[1]), -axes[2], atol=1e-5)


def test_the_half_extent_reaches_the_edge_of_the_picture() -> None:
    camera = Camera(distance=3.0, fov=50.0)
    assert project(camera, 0.0, 0.0, camera.half_extent)[1] == pytest.approx(-1.0)


def test_a_point_behind_the_camera_projects_to_finite_values() -> None:
    assert all(abs(value) < float("inf") for value in project(Camera(), 5.0, 1.0, 1.0))


def test_the_field_of_view_spans_the_picture() -> None:
    half = 1.9 * torch.tan(torch.deg2rad(torch.tensor(20.0))).item()
    assert project(Camera(), 0.0, half, 0.0)[0] == pytest.approx(1.0)


@pytest.mark.parametrize(("elevation", "azimuth"), ANGLES)
def test_a_pixels_ray_projects_back_onto_it(elevation: float, azimuth: float) -> None:
    camera, size = Camera(elevation, azimuth), 8
    origins, directions = camera.rays(size)
    picture = camera.project(origins + 1.7 * directions)[:, :2]
    pixels = ((picture + 1.0) * size / 2.0 - 0.5).round().long()
    assert pixels[:, 0].tolist() == list(range(size)) * size
    assert pixels[:, 1].tolist() == [row for row in range(size) for _ in range(size)]
    assert torch.allclose(directions.norm(dim=1), torch.ones(size * size), atol=1e-6)
