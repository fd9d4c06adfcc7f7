from __future__ import annotations

import numpy as np
import trimesh

from ml.mesh import geometry

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


def box(cells: int) -> tuple[np.ndarray, np.ndarray]:
    """A closed cube of side 1, each side in `cells` x `cells` squares, no two vertices at one place."""
    made = trimesh.creation.box()
    for _ in range(cells.bit_length() - 1):
        made = made.subdivide()
    return np.asarray(made.vertices), np.asarray(made.faces, np.int32)


def test_the_sides_of_a_cube_stay_flat_up_to_their_edges() -> None:
    vertices, faces = box(4)
    group, normals = geometry.creased_normals(vertices, faces)
    flat = geometry.face_areas_and_normals(vertices, faces)[1]
    assert np.allclose(normals[group], flat[:, None], atol=1e-6)
    on_edges = (np.abs(np.abs(vertices) - 0.5) < 1e-9).sum(axis=1)
    assert len(normals) == on_edges.sum()


def test_a_ball_has_no_crease_and_the_same_normals_as_without() -> None:
    made = trimesh.creation.icosphere(3)
    group, normals = geometry.creased_normals(made.vertices, made.faces)
    assert len(normals) == len(made.vertices)
    assert np.allclose(normals[group], geometry.vertex_normals(made.vertices, made.faces)[made.faces], atol=1e-6)


def test_a_crease_that_ends_within_a_surface_parts_nothing_at_its_end() -> None:
    """Eight triangles around a point, folded by more than the limit along one spoke alone."""
    angles = np.arange(8) * np.pi / 4
    rim = np.stack([np.cos(angles), np.sin(angles), np.where(np.arange(8) == 0, 0.35, 0.0)], axis=1)
    vertices = np.concatenate([[[0, 0, 0]], rim])
    faces = np.array([[0, k + 1, (k + 1) % 8 + 1] for k in range(8)], np.int32)
    group, _ = geometry.creased_normals(vertices, faces)
    assert len(np.unique(group[:, 0])) == 1
    assert group[0, 1] != group[7, 2]


def test_each_group_of_corners_lies_at_one_vertex() -> None:
    vertices, faces = box(4)
    group, normals = geometry.creased_normals(vertices, faces)
    pairs = np.unique(np.stack([group.ravel(), faces.ravel()]), axis=1)
    assert pairs.shape[1] == len(normals)


def test_welding_closes_what_seams_and_creases_have_cut() -> None:
    corners = VERTICES[TETRAHEDRON].reshape(-1, 3)
    first, place_of = geometry.welded(corners)
    assert np.array_equal(corners[first][place_of], corners)
    assert geometry.is_closed_manifold(place_of.reshape(-1, 3))


def test_two_fans_that_meet_in_a_vertex_are_parted() -> None:
    """Two tetrahedra on one corner."""
    tied = np.concatenate([TETRAHEDRON, np.where(TETRAHEDRON == 0, 0, TETRAHEDRON + 3)])
    faces, source = geometry.fans(tied)
    assert np.array_equal(source[faces], tied)
    assert source.tolist() == [0, 0, 1, 2, 3, 4, 5, 6]
    assert geometry.components(faces, len(source)).max() == 1


def test_a_manifold_has_one_fan_at_each_vertex() -> None:
    faces, source = geometry.fans(TETRAHEDRON)
    assert np.array_equal(faces, TETRAHEDRON)
    assert source.tolist() == [0, 1, 2, 3]


def test_the_hull_leaves_out_what_lies_inside_and_keeps_every_point_of_something_flat() -> None:
    inside = np.append(VERTICES, np.full((1, 3), 0.1, np.float32), axis=0)
    assert {tuple(corner) for corner in geometry.hull_corners(inside)} == {tuple(corner) for corner in VERTICES}
    flat = np.append(VERTICES[:3], np.array([[0.2, 0.2, 0.0]], np.float32), axis=0)
    assert np.array_equal(geometry.hull_corners(flat), flat)
