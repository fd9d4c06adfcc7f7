"""Rays against a mesh whose hits are known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ml.core.camera import Camera
from ml.core.images import Floats
from ml.mesh.raycast import Caster, camera_rays, window_of

SQUARE = np.array([[0, -1, -1], [0, 1, -1], [0, 1, 1], [0, -1, 1]], np.float32)
"""In the plane x = 0, seen by a camera at azimuth 0."""
FACES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
TOWARDS = np.array([[-1.0, 0.0, 0.0]], np.float32)


@pytest.fixture(scope="module")
def caster() -> Caster:
    """Two parallel squares, the second one unit behind the first."""
    return Caster(
        np.concatenate([SQUARE, SQUARE - np.array([1, 0, 0], np.float32)]), np.concatenate([FACES, FACES + 4])
    )


def origin(x: float, y: float, z: float) -> Floats:
    return np.array([[x, y, z]], np.float32)


def test_the_nearest_surface_is_hit_first(caster: Caster) -> None:
    hits = caster.first_hits(origin(3.0, 0.5, -0.25), TOWARDS)
    assert hits.face.tolist() == [0]
    assert hits.distance == pytest.approx([3.0])


def test_barycentric_weights_give_the_point_that_was_hit(caster: Caster) -> None:
    hits = caster.first_hits(origin(3.0, -0.3, 0.6), TOWARDS)
    point = hits.weights[0] @ caster.triangles[hits.face[0]]
    assert hits.face.tolist() == [1]
    assert point == pytest.approx([0.0, -0.3, 0.6], abs=1e-6)


def test_a_miss_has_no_face(caster: Caster) -> None:
    assert caster.first_hits(origin(3.0, 1.5, 0.0), TOWARDS).face.tolist() == [-1]


def test_distances_are_in_lengths_of_the_direction(caster: Caster) -> None:
    assert caster.first_hits(origin(3.0, 0.0, 0.5), 2.0 * TOWARDS).distance == pytest.approx([1.5])


def test_a_point_is_occluded_only_in_the_direction_of_the_mesh(caster: Caster) -> None:
    start = np.repeat(origin(-0.5, 0.2, 0.2), 3, axis=0)
    directions = np.array([[1, 0, 0], [-1, 0, 0], [0, 0, 1]], np.float32)
    assert caster.occluded(start, directions).tolist() == [True, True, False]


def test_normals_follow_the_winding_and_a_degenerate_triangle_has_none() -> None:
    faces = np.array([[0, 1, 2], [2, 1, 0], [0, 0, 1]], np.int32)
    assert Caster(SQUARE, faces).normals.tolist() == [[1, 0, 0], [-1, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("camera", [Camera(), Camera(20.0, 130.0, 2.5, target=(0.1, -0.2, 0.3))])
def test_camera_rays_pass_through_the_pixels_that_points_project_to(camera: Camera) -> None:
    origins, directions = camera.rays(8)
    seen = camera.project(origins + 1.7 * directions).numpy()
    centres = (np.arange(8) + 0.5) / 4.0 - 1.0
    assert seen[:, 0].reshape(8, 8) == pytest.approx(np.tile(centres, (8, 1)), abs=1e-5)
    assert seen[:, 1].reshape(8, 8) == pytest.approx(np.tile(centres[:, None], (1, 8)), abs=1e-5)


def test_the_rays_of_a_window_are_those_of_the_whole_picture() -> None:
    camera = Camera(15.0, 40.0)
    origins, directions = camera_rays(camera, 16)
    _, part = camera_rays(camera, 16, (2, 7, 5, 16))
    assert part.reshape(5, 11, 3) == pytest.approx(directions.reshape(16, 16, 3)[2:7, 5:16])
    assert origins == pytest.approx(np.tile(camera.position().numpy(), (256, 1)))


def test_the_window_holds_every_pixel_that_sees_the_mesh() -> None:
    camera = Camera(30.0, 25.0, 6.0)
    caster = Caster(SQUARE, FACES)
    hit = (caster.first_hits(*camera_rays(camera, 64)).face >= 0).reshape(64, 64)
    top, bottom, left, right = window_of(SQUARE, camera, 64)
    rows, columns = np.nonzero(hit)
    assert top <= rows.min() <= top + 1 and bottom - 2 <= rows.max() < bottom
    assert left <= columns.min() <= left + 1 and right - 2 <= columns.max() < right


def test_the_window_is_the_whole_picture_when_a_vertex_is_behind_the_camera() -> None:
    assert window_of(np.array([[0, 0, 0], [5, 0, 0]], np.float32), Camera(), 32) == (0, 32, 0, 32)


def test_the_window_of_a_mesh_outside_the_picture_is_empty() -> None:
    top, bottom, left, right = window_of(SQUARE + np.array([0, 30, 0], np.float32), Camera(distance=6.0), 32)
    assert (bottom - top) * (right - left) == 0
