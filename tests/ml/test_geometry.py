from __future__ import annotations

import numpy as np

from ml import geometry

VERTICES = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
TETRAHEDRON = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], np.int32)


def test_a_tetrahedron_is_closed_and_has_a_sixth_of_the_cube() -> None:
    assert geometry.is_closed_manifold(TETRAHEDRON)
    assert np.isclose(geometry.face_volumes(VERTICES, TETRAHEDRON).sum(), 1 / 6)


def test_a_missing_a_doubled_or_a_turned_triangle_is_noticed() -> None:
    turned = TETRAHEDRON.copy()
    turned[0] = turned[0, ::-1]
    doubled = np.concatenate([TETRAHEDRON, TETRAHEDRON])
    for broken in (TETRAHEDRON[1:], doubled, turned, TETRAHEDRON[:0]):
        assert not geometry.is_closed_manifold(broken)


def test_areas_and_normals_of_a_triangle() -> None:
    areas, normals = geometry.face_areas_and_normals(VERTICES, np.array([[0, 1, 2], [0, 0, 1]]))
    assert areas.tolist() == [0.5, 0.0]
    assert normals.tolist() == [[0, 0, 1], [0, 0, 0]]


def test_vertex_normals_lean_towards_the_larger_triangle() -> None:
    normals = geometry.vertex_normals(VERTICES * (1, 1, 3), TETRAHEDRON)
    assert np.allclose(np.linalg.norm(normals, axis=1), 1.0)
    assert (normals[0] < 0).all()
    assert normals[0, 0] < normals[0, 2]


def test_a_vertex_without_a_face_looks_up() -> None:
    assert geometry.vertex_normals(np.ones((1, 3)), np.zeros((0, 3), np.int32)).tolist() == [[0, 0, 1]]


def test_components_are_counted_by_shared_vertices() -> None:
    two = np.concatenate([TETRAHEDRON, TETRAHEDRON + 4])
    assert geometry.components(two, 9).tolist() == [0] * 4 + [1] * 4


def test_unused_vertices_go_and_the_rest_keeps_its_order() -> None:
    vertices, faces = geometry.without_unused_vertices(np.arange(18).reshape(6, 3), np.array([[5, 1, 3]]))
    assert vertices[:, 0].tolist() == [3, 9, 15]
    assert faces.tolist() == [[2, 0, 1]]
