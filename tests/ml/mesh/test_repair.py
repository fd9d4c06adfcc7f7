from __future__ import annotations

from typing import Any

import manifold3d
import numpy as np
import pytest
from numpy.typing import NDArray

from ml.errors import ReconstructionError
from ml.mesh import marching_cubes, repair
from ml.mesh.geometry import components, face_volumes, is_closed_manifold, vertex_normals
from ml.mesh.mesh import Mesh
from tests.ml.scenes import RED, AnalyticScene, Part, ball

CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32) * 0.3
TETRAHEDRON = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], np.int32)
BIG = Part("ball", (0.0, 0.0, 0.0), (0.35, 0.35, 0.35), RED)


def component_count(mesh: Mesh) -> int:
    return int(components(mesh.faces, len(mesh.vertices)).max()) + 1


def volume(mesh: Mesh) -> float:
    return float(face_volumes(mesh.vertices, mesh.faces).sum())


def raw(vertices: NDArray[Any], faces: NDArray[Any]) -> Mesh:
    vertices, faces = vertices.astype(np.float32), faces.astype(np.int32)
    return Mesh(vertices, faces, vertex_normals(vertices, faces))


@pytest.fixture(scope="module")
def toy() -> Mesh:
    return marching_cubes.extract(AnalyticScene(), 128)


@pytest.mark.parametrize("faces", [500, 3_000, 10_000])
def test_the_result_is_a_closed_manifold_within_the_budget(toy: Mesh, faces: int) -> None:
    finished = repair.finish(toy, faces)
    assert is_closed_manifold(finished.faces)
    assert 0.8 * faces < len(finished.faces) <= 1.01 * faces
    judged = manifold3d.Manifold(manifold3d.Mesh(finished.vertices, finished.faces.astype(np.uint32)))
    assert judged.status() == manifold3d.Error.NoError


def test_volume_and_bounds_are_kept(toy: Mesh) -> None:
    finished = repair.finish(toy, 10_000)
    assert np.isclose(volume(finished), volume(toy), rtol=5e-3)
    assert np.allclose(finished.vertices.min(axis=0), toy.vertices.min(axis=0), atol=5e-3)
    assert np.allclose(finished.vertices.max(axis=0), toy.vertices.max(axis=0), atol=5e-3)


def test_every_vertex_is_used_and_has_a_unit_outward_normal() -> None:
    finished = repair.finish(marching_cubes.extract(ball(0.4), 96), 5_000)
    assert np.array_equal(np.unique(finished.faces), np.arange(len(finished.vertices)))
    assert np.allclose(np.linalg.norm(finished.normals, axis=1), 1.0, atol=1e-5)
    assert (finished.normals * finished.vertices).sum(axis=1).min() > 0


def test_a_small_loose_part_is_removed_and_a_large_one_is_kept() -> None:
    small = Part("ball", (0.6, 0.6, 0.6), (0.04, 0.04, 0.04), RED)
    large = Part("ball", (-0.55, 0.0, 0.0), (0.12, 0.12, 0.12), RED)
    finished = repair.finish(marching_cubes.extract(AnalyticScene((BIG, small, large)), 96), 20_000)
    assert component_count(finished) == 2
    assert finished.vertices[:, 0].min() < -0.6
    assert finished.vertices[:, 2].max() < 0.4


def test_only_the_largest_part_is_kept_on_request() -> None:
    large = Part("ball", (-0.55, 0.0, 0.0), (0.12, 0.12, 0.12), RED)
    raw_mesh = marching_cubes.extract(AnalyticScene((BIG, large)), 96)
    finished = repair.finish(raw_mesh, 20_000, largest_part=True)
    assert component_count(finished) == 1
    assert finished.vertices[:, 0].min() > -0.5
    assert finished.repairs == ("1 loose part was removed.",)


def test_no_component_has_less_than_one_percent_of_the_volume() -> None:
    # The first ball has more than 1 % of the largest part's volume, and less than 1 % of all.
    sizes = ((-0.6, 0.0768), (-0.2, 0.1), (0.2, 0.115), (0.6, 0.12))
    balls = [Part("ball", (0.5, y, 0.5), (radius, radius, radius), RED) for y, radius in sizes]
    finished = repair.finish(marching_cubes.extract(AnalyticScene((BIG, *balls)), 96), 20_000)
    volumes = np.bincount(
        components(finished.faces, len(finished.vertices)), face_volumes(finished.vertices, finished.faces)
    )
    assert volumes.min() >= 0.01 * volumes.sum()
    assert len(volumes) == 4


def test_an_internal_cavity_is_filled() -> None:
    outer, inner = marching_cubes.extract(ball(0.5), 64), marching_cubes.extract(ball(0.3), 64)
    faces = np.concatenate([outer.faces, inner.faces[:, ::-1] + len(outer.vertices)])
    hollow = raw(np.concatenate([outer.vertices, inner.vertices]), faces)
    finished = repair.finish(hollow, 50_000)
    assert component_count(finished) == 1
    assert np.isclose(volume(finished), volume(outer), rtol=1e-3)


def test_smoothing_removes_noise_and_keeps_the_size() -> None:
    clean = marching_cubes.extract(ball(0.5), 64)
    noise = np.random.default_rng(0).normal(0, 0.003, len(clean.vertices))
    noisy = raw(clean.vertices * (1 + noise[:, None]), clean.faces)
    spread = np.linalg.norm(repair.finish(noisy, 10**6).vertices, axis=1)
    assert spread.std() < 0.7 * np.linalg.norm(noisy.vertices, axis=1).std()
    assert abs(spread.mean() - 0.5) < 1e-3


def test_inside_out_and_open_meshes_are_repaired() -> None:
    whole = marching_cubes.extract(ball(0.5), 64)
    holed = raw(whole.vertices, np.delete(whole.faces, 7, axis=0))
    flipped = raw(whole.vertices, whole.faces[:, ::-1])
    for broken in (holed, flipped):
        finished = repair.finish(broken, 5_000)
        assert is_closed_manifold(finished.faces)
        assert np.isclose(volume(finished), volume(whole), rtol=1e-2)


def test_two_balls_that_share_an_edge_are_parted() -> None:
    tetrahedron = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])
    other = np.array([[0, 1, 4], [0, 5, 1], [1, 5, 4], [4, 5, 0]])
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, -1, 0], [0, 0, -1]]) * 0.3
    finished = repair.finish(raw(vertices, np.concatenate([tetrahedron, other])), 5_000)
    assert is_closed_manifold(finished.faces)


def test_vertices_where_the_surface_touches_itself_are_separated(toy: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tetrahedra on one vertex, as simplification leaves them occasionally."""
    pinched = np.concatenate([TETRAHEDRON, np.where(TETRAHEDRON == 0, 0, TETRAHEDRON + 3)[:, ::-1]])
    joined = (np.concatenate([CORNERS, -CORNERS[1:]]), pinched)
    monkeypatch.setattr("ml.mesh.repair.fast_simplification.simplify", lambda *_, **__: joined)
    finished = repair.finish(toy, 4_000)
    assert finished.repairs == ("Parts of the surface that touched were moved slightly apart.",)
    assert repair.is_watertight(finished.vertices, finished.faces)
    assert component_count(finished) == 2
    assert len(np.unique(finished.vertices, axis=0)) == 8


def test_each_repair_is_reported() -> None:
    whole, inner = marching_cubes.extract(ball(0.5), 64), marching_cubes.extract(ball(0.2), 64)
    small = inner.vertices * 0.1 + 0.7
    faces = np.concatenate([whole.faces, inner.faces[:, ::-1] + len(whole.vertices)])
    faces = np.concatenate([faces, inner.faces + len(whole.vertices) + len(inner.vertices)])
    messy = raw(np.concatenate([whole.vertices, inner.vertices, small]), faces)
    assert repair.finish(messy, 50_000).repairs == (
        "1 small loose part was removed.",
        "1 internal cavity was filled.",
    )
    assert repair.finish(raw(whole.vertices, whole.faces[1:]), 50_000).repairs == ("Holes were closed.",)
    flipped = repair.finish(raw(whole.vertices, whole.faces[:, ::-1]), 50_000)
    assert flipped.repairs == ("The surface was inside out and was flipped.",)
    assert repair.finish(whole, 50_000).repairs == ()


def test_a_component_that_simplification_inverts_is_removed(toy: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    first = np.concatenate([TETRAHEDRON, TETRAHEDRON[:, ::-1] + 4])
    crushed = (np.concatenate([CORNERS, CORNERS * 0.1 - 0.5]), first)
    monkeypatch.setattr("ml.mesh.repair.fast_simplification.simplify", lambda *_, **__: crushed)
    finished = repair.finish(toy, 4_000)
    assert component_count(finished) == 1
    assert volume(finished) > 0.0


def test_only_a_closed_outward_facing_manifold_is_watertight() -> None:
    pinched = np.concatenate([TETRAHEDRON, np.where(TETRAHEDRON == 0, 0, TETRAHEDRON + 3)])
    two, flipped = (np.concatenate([CORNERS, CORNERS + 0.5]), np.concatenate([TETRAHEDRON, TETRAHEDRON[:, ::-1] + 4]))
    assert repair.is_watertight(CORNERS, TETRAHEDRON)
    assert repair.is_watertight(two, np.concatenate([TETRAHEDRON, TETRAHEDRON + 4]))
    assert not repair.is_watertight(CORNERS, TETRAHEDRON[1:])
    assert not repair.is_watertight(two, flipped)
    assert not repair.is_watertight(np.concatenate([CORNERS, -CORNERS[1:]]), pinched)


def test_a_mesh_that_quadrics_tear_is_simplified_by_tolerance_within_the_budget(
    toy: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn = (toy.vertices[:9], np.array([[0, 1, 2], [0, 1, 3], [0, 1, 4]]))
    monkeypatch.setattr("ml.mesh.repair.fast_simplification.simplify", lambda *_, **__: torn)
    finished = repair.finish(toy, 4_000)
    assert is_closed_manifold(finished.faces)
    assert len(finished.faces) <= 4_000
    assert np.isclose(volume(finished), volume(toy), rtol=2e-2)


def test_the_result_is_deterministic(toy: Mesh) -> None:
    first, second = repair.finish(toy, 4_000), repair.finish(toy, 4_000)
    assert first.vertices.tobytes() == second.vertices.tobytes()
    assert first.faces.tobytes() == second.faces.tobytes()


def test_a_mesh_without_a_volume_is_rejected() -> None:
    empty = Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32), np.zeros((0, 3), np.float32))
    invalid = raw(np.full((4, 3), np.nan), np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]))
    sheet = raw(np.eye(3), np.array([[0, 1, 2]]))
    for broken in (empty, invalid, sheet):
        with pytest.raises(ReconstructionError, match="No solid shape"):
            repair.finish(broken, 5_000)


def test_several_small_parts_are_counted() -> None:
    small = [Part("ball", (0.6, side, 0.6), (0.05, 0.05, 0.05), RED) for side in (-0.6, 0.6)]
    finished = repair.finish(marching_cubes.extract(AnalyticScene((BIG, *small)), 96), 20_000)
    assert finished.repairs == ("2 small loose parts were removed.",)
