from __future__ import annotations

from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from ml.mesh import geometry

VERTICES = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
TETRAHEDRON = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], np.int32)


def test_a_unit_tetrahedron_is_closed_and_has_a_volume_of_one_sixth() -> None:
    assert geometry.is_closed_manifold(TETRAHEDRON)
    assert np.isclose(geometry.face_volumes(VERTICES, TETRAHEDRON).sum(), 1 / 6)


def test_a_missing_duplicate_or_flipped_triangle_breaks_the_manifold() -> None:
    flipped = TETRAHEDRON.copy()
    flipped[0] = flipped[0, ::-1]
    duplicate = np.concatenate([TETRAHEDRON, TETRAHEDRON])
    for broken in (TETRAHEDRON[1:], duplicate, flipped, TETRAHEDRON[:0]):
        assert not geometry.is_closed_manifold(broken)


def test_a_triangle_has_an_area_and_a_normal_and_a_degenerate_one_has_neither() -> None:
    areas, normals = geometry.face_areas_and_normals(VERTICES, np.array([[0, 1, 2], [0, 0, 1]]))
    assert areas.tolist() == [0.5, 0.0]
    assert normals.tolist() == [[0, 0, 1], [0, 0, 0]]


def test_vertex_normals_are_weighted_by_area() -> None:
    normals = geometry.vertex_normals(VERTICES * (1, 1, 3), TETRAHEDRON)
    assert np.allclose(np.linalg.norm(normals, axis=1), 1.0)
    assert (normals[0] < 0).all()
    assert normals[0, 0] < normals[0, 2]


def test_a_vertex_without_a_face_has_an_upward_normal() -> None:
    assert geometry.vertex_normals(np.ones((1, 3)), np.zeros((0, 3), np.int32)).tolist() == [[0, 0, 1]]


def test_triangles_without_a_shared_vertex_are_different_components() -> None:
    two = np.concatenate([TETRAHEDRON, TETRAHEDRON + 4])
    assert geometry.components(two, 9).tolist() == [0] * 4 + [1] * 4


def test_unused_vertices_are_dropped_and_the_others_keep_their_order() -> None:
    vertices, faces = geometry.drop_unused_vertices(np.arange(18.0).reshape(6, 3), np.array([[5, 1, 3]]))
    assert vertices[:, 0].tolist() == [3, 9, 15]
    assert faces.tolist() == [[2, 0, 1]]


def box(cells: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """A closed cube of side 1 with `cells` x `cells` squares on each side and no coincident vertices."""
    cube = trimesh.creation.box()
    for _ in range(cells.bit_length() - 1):
        cube = cube.subdivide()
    return np.asarray(cube.vertices), np.asarray(cube.faces, np.int32)


def test_the_normals_of_a_cube_are_flat_up_to_its_edges() -> None:
    vertices, faces = box(4)
    group, normals = geometry.creased_normals(vertices, faces)
    flat = geometry.face_areas_and_normals(vertices, faces)[1]
    assert np.allclose(normals[group], flat[:, None], atol=1e-6)
    on_edges = (np.abs(np.abs(vertices) - 0.5) < 1e-9).sum(axis=1)
    assert len(normals) == on_edges.sum()


def test_a_sphere_has_no_creases() -> None:
    sphere = trimesh.creation.icosphere(3)
    group, normals = geometry.creased_normals(sphere.vertices, sphere.faces)
    assert len(normals) == len(sphere.vertices)
    assert np.allclose(normals[group], geometry.vertex_normals(sphere.vertices, sphere.faces)[sphere.faces], atol=1e-6)


def test_a_crease_that_ends_within_a_surface_does_not_split_its_end() -> None:
    """Eight triangles around a point, folded by more than the limit along a single spoke."""
    angles = np.arange(8) * np.pi / 4
    rim = np.stack([np.cos(angles), np.sin(angles), np.where(np.arange(8) == 0, 0.35, 0.0)], axis=1)
    vertices = np.concatenate([[[0, 0, 0]], rim])
    faces = np.array([[0, k + 1, (k + 1) % 8 + 1] for k in range(8)], np.int32)
    group, _ = geometry.creased_normals(vertices, faces)
    assert len(np.unique(group[:, 0])) == 1
    assert group[0, 1] != group[7, 2]


def test_each_group_of_corners_belongs_to_one_vertex() -> None:
    vertices, faces = box(4)
    group, normals = geometry.creased_normals(vertices, faces)
    pairs = np.unique(np.stack([group.ravel(), faces.ravel()]), axis=1)
    assert pairs.shape[1] == len(normals)


def test_welding_closes_seams_and_creases() -> None:
    corners = VERTICES[TETRAHEDRON].reshape(-1, 3)
    first, index = geometry.weld(corners)
    assert np.array_equal(corners[first][index], corners)
    assert geometry.is_closed_manifold(index.reshape(-1, 3))


def test_two_fans_that_share_a_vertex_are_split() -> None:
    """Two tetrahedra that share one corner."""
    joined = np.concatenate([TETRAHEDRON, np.where(TETRAHEDRON == 0, 0, TETRAHEDRON + 3)])
    faces, source = geometry.split_non_manifold_vertices(joined)
    assert np.array_equal(source[faces], joined)
    assert source.tolist() == [0, 0, 1, 2, 3, 4, 5, 6]
    assert geometry.components(faces, len(source)).max() == 1


def test_a_manifold_is_not_split() -> None:
    faces, source = geometry.split_non_manifold_vertices(TETRAHEDRON)
    assert np.array_equal(faces, TETRAHEDRON)
    assert source.tolist() == [0, 1, 2, 3]


def test_the_hull_omits_inner_points_and_keeps_all_points_of_a_flat_mesh() -> None:
    inside = np.append(VERTICES, np.full((1, 3), 0.1, np.float32), axis=0)
    assert {tuple(corner) for corner in geometry.hull_corners(inside)} == {tuple(corner) for corner in VERTICES}
    flat = np.append(VERTICES[:3], np.array([[0.2, 0.2, 0.0]], np.float32), axis=0)
    assert np.array_equal(geometry.hull_corners(flat), flat)
