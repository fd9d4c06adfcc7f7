from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.mesh import ray_intervals
from ml.mesh.raycast import Caster
from ml.training.meshes import ColoredMesh
from ml.training.shapes.parts import box
from tests.ml.training.primitives import GREY, cube, joined

FORWARD = np.array([[0.0, 0.0, 1.0]], np.float32)


def crossings(
    shape: ColoredMesh, origin: tuple[float, float, float] = (0.1, 0.2, -5.0)
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Distances (L,) of the hits of one ray along +z, and whether it is inside after each."""
    caster = Caster(shape.vertices, shape.faces)
    distances, faces = ray_intervals.all_hits(caster, np.array([origin], np.float32), FORWARD)
    inside = ray_intervals.inside_after(caster, FORWARD, faces)
    return distances[0][faces[0] >= 0], inside[0][faces[0] >= 0]


def test_a_ray_enters_and_leaves_a_cube() -> None:
    distances, inside = crossings(cube())
    assert np.allclose(distances, [4.0, 6.0], atol=1e-3)
    assert inside.tolist() == [True, False]


def test_a_ray_stays_inside_where_two_boxes_overlap() -> None:
    two = joined(box(GREY, (2, 2, 2)), box(GREY, (2, 2, 2), (0, 0, 1)))
    distances, inside = crossings(two)
    assert np.allclose(distances, [4.0, 5.0, 6.0, 7.0], atol=1e-3)
    assert inside.tolist() == [True, True, True, False]


def test_a_ray_is_outside_between_two_boxes() -> None:
    two = joined(box(GREY, (2, 2, 2)), box(GREY, (2, 2, 2), (0, 0, 4)))
    distances, inside = crossings(two)
    assert np.allclose(distances, [4.0, 6.0, 8.0, 10.0], atol=1e-3)
    assert inside.tolist() == [True, False, True, False]


def test_a_ray_is_never_inside_after_the_last_hit_of_an_open_mesh() -> None:
    open_cube = cube()
    corners = open_cube.vertices[open_cube.faces]
    far = (corners[:, :, 2] > 0.9).all(axis=1)
    kept = ColoredMesh("open", open_cube.vertices, open_cube.faces[~far], open_cube.colors[~far])
    _, inside = crossings(kept)
    assert inside.tolist() == [False]


def test_a_miss_has_no_hits() -> None:
    distances, _ = crossings(cube(), origin=(9.0, 0.0, -5.0))
    assert len(distances) == 0


def test_a_ray_is_cut_off_after_the_maximum_number_of_hits() -> None:
    caster = Caster(cube().vertices, cube().faces)
    distances, _ = ray_intervals.all_hits(caster, np.array([[0.1, 0.2, -5.0]], np.float32), FORWARD, layers=1)
    assert np.allclose(distances, [[4.0]], atol=1e-3)
