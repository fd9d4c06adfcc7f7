from __future__ import annotations

import manifold3d
import numpy as np
import pytest

from ml.errors import ReconstructionError
from ml.mesh import marching_cubes, printability
from ml.mesh import repair as meshes
from ml.mesh.geometry import components, face_volumes, is_closed_manifold, vertex_normals
from ml.mesh.mesh import Mesh
from tests.ml.scenes import RED, AnalyticScene, Part, ball

CORNERS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32) * 0.3
TETRAHEDRON = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]], np.int32)
BIG = Part("ball", (0.0, 0.0, 0.0), (0.35, 0.35, 0.35), RED)


def part_count(mesh: Mesh) -> int:
    return int(components(mesh.faces, len(mesh.vertices)).max()) + 1


def volume(mesh: Mesh) -> float:
    return float(face_volumes(mesh.vertices, mesh.faces).sum())


def raw(vertices: np.ndarray, faces: np.ndarray) -> Mesh:
    vertices, faces = vertices.astype(np.float32), faces.astype(np.int32)
    return Mesh(vertices, faces, vertex_normals(vertices, faces))


@pytest.fixture(scope="module")
def toy() -> Mesh:
    return marching_cubes.extract(AnalyticScene(), 128)


@pytest.mark.parametrize("faces", [500, 3_000, 10_000])
def test_the_result_is_a_closed_manifold_within_the_budget(toy: Mesh, faces: int) -> None:
    finished = meshes.finish(toy, faces)
    assert is_closed_manifold(finished.faces)
    assert 0.8 * faces < len(finished.faces) <= 1.01 * faces
    judged = manifold3d.Manifold(manifold3d.Mesh(finished.vertices, finished.faces.astype(np.uint32)))
    assert judged.status() == manifold3d.Error.NoError


def test_volume_and_bounds_are_kept(toy: Mesh) -> None:
    finished = meshes.finish(toy, 10_000)
    assert np.isclose(volume(finished), volume(toy), rtol=5e-3)
    assert np.allclose(finished.vertices.min(axis=0), toy.vertices.min(axis=0), atol=5e-3)
    assert np.allclose(finished.vertices.max(axis=0), toy.vertices.max(axis=0), atol=5e-3)


def test_every_vertex_is_used_and_normals_are_unit_and_outward() -> None:
    finished = meshes.finish(marching_cubes.extract(ball(0.4), 96), 5_000)
    assert np.array_equal(np.unique(finished.faces), np.arange(len(finished.vertices)))
    assert np.allclose(np.linalg.norm(finished.normals, axis=1), 1.0, atol=1e-5)
    assert (finished.normals * finished.vertices).sum(axis=1).min() > 0


def test_a_floater_goes_and_a_real_separate_part_stays() -> None:
    crumb = Part("ball", (0.6, 0.6, 0.6), (0.04, 0.04, 0.04), RED)
    companion = Part("ball", (-0.55, 0.0, 0.0), (0.12, 0.12, 0.12), RED)
    finished = meshes.finish(marching_cubes.extract(AnalyticScene((BIG, crumb, companion)), 96), 20_000)
    assert part_count(finished) == 2
    assert finished.vertices[:, 0].min() < -0.6
    assert finished.vertices[:, 2].max() < 0.4


def test_a_hidden_cavity_is_filled() -> None:
    outer, inner = marching_cubes.extract(ball(0.5), 64), marching_cubes.extract(ball(0.3), 64)
    faces = np.concatenate([outer.faces, inner.faces[:, ::-1] + len(outer.vertices)])
    hollow = raw(np.concatenate([outer.vertices, inner.vertices]), faces)
    finished = meshes.finish(hollow, 50_000)
    assert part_count(finished) == 1
    assert np.isclose(volume(finished), volume(outer), rtol=1e-3)


def test_smoothing_takes_the_noise_and_keeps_the_size() -> None:
    clean = marching_cubes.extract(ball(0.5), 64)
    noise = np.random.default_rng(0).normal(0, 0.003, len(clean.vertices))
    noisy = raw(clean.vertices * (1 + noise[:, None]), clean.faces)
    spread = np.linalg.norm(meshes.finish(noisy, 10**6).vertices, axis=1)
    assert spread.std() < 0.7 * np.linalg.norm(noisy.vertices, axis=1).std()
    assert abs(spread.mean() - 0.5) < 1e-3


def test_inside_out_and_open_meshes_are_mended() -> None:
    whole = marching_cubes.extract(ball(0.5), 64)
    holed = raw(whole.vertices, np.delete(whole.faces, 7, axis=0))
    flipped = raw(whole.vertices, whole.faces[:, ::-1])
    for broken in (holed, flipped):
        finished = meshes.finish(broken, 5_000)
        assert is_closed_manifold(finished.faces)
        assert np.isclose(volume(finished), volume(whole), rtol=1e-2)


def test_two_balls_that_share_an_edge_are_parted() -> None:
    tetrahedron = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])
    other = np.array([[0, 1, 4], [0, 5, 1], [1, 5, 4], [4, 5, 0]])
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, -1, 0], [0, 0, -1]]) * 0.3
    finished = meshes.finish(raw(vertices, np.concatenate([tetrahedron, other])), 5_000)
    assert is_closed_manifold(finished.faces)


def test_where_a_solid_touches_itself_a_hair_lies_between(toy: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tetrahedra on one vertex, as simplification leaves them now and then."""
    pinched = np.concatenate([TETRAHEDRON, np.where(TETRAHEDRON == 0, 0, TETRAHEDRON + 3)[:, ::-1]])
    tied = (np.concatenate([CORNERS, -CORNERS[1:]]), pinched)
    monkeypatch.setattr("ml.mesh.repair.fast_simplification.simplify", lambda *_, **__: tied)
    finished = meshes.finish(toy, 4_000)
    assert finished.repairs == ("Places where the surface touched itself were set apart by a hair.",)
    assert meshes.is_solid(finished.vertices, finished.faces)
    assert part_count(finished) == 2
    assert len(np.unique(finished.vertices, axis=0)) == 8


def test_what_was_mended_is_said() -> None:
    whole, inner = marching_cubes.extract(ball(0.5), 64), marching_cubes.extract(ball(0.2), 64)
    crumb = inner.vertices * 0.1 + 0.7
    faces = np.concatenate([whole.faces, inner.faces[:, ::-1] + len(whole.vertices)])
    faces = np.concatenate([faces, inner.faces + len(whole.vertices) + len(inner.vertices)])
    messy = raw(np.concatenate([whole.vertices, inner.vertices, crumb]), faces)
    assert meshes.finish(messy, 50_000).repairs == ("1 loose speck was removed.", "1 hollow inside was filled.")
    assert meshes.finish(raw(whole.vertices, whole.faces[1:]), 50_000).repairs == ("Holes were closed.",)
    turned = meshes.finish(raw(whole.vertices, whole.faces[:, ::-1]), 50_000)
    assert printability.statistics(turned, 80.0)["repairs"] == ["The surface was inside out and was turned over."]
    assert meshes.finish(whole, 50_000).repairs == ()


def test_a_part_that_simplification_turns_inside_out_goes(toy: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    first = np.concatenate([TETRAHEDRON, TETRAHEDRON[:, ::-1] + 4])
    crushed = (np.concatenate([CORNERS, CORNERS * 0.1 - 0.5]), first)
    monkeypatch.setattr("ml.mesh.repair.fast_simplification.simplify", lambda *_, **__: crushed)
    finished = meshes.finish(toy, 4_000)
    assert part_count(finished) == 1
    assert volume(finished) > 0.0


def test_only_a_closed_solid_that_is_right_side_out_is_one() -> None:
    pinched = np.concatenate([TETRAHEDRON, np.where(TETRAHEDRON == 0, 0, TETRAHEDRON + 3)])
    two, turned = (np.concatenate([CORNERS, CORNERS + 0.5]), np.concatenate([TETRAHEDRON, TETRAHEDRON[:, ::-1] + 4]))
    assert meshes.is_solid(CORNERS, TETRAHEDRON)
    assert meshes.is_solid(two, np.concatenate([TETRAHEDRON, TETRAHEDRON + 4]))
    assert not meshes.is_solid(CORNERS, TETRAHEDRON[1:])
    assert not meshes.is_solid(two, turned)
    assert not meshes.is_solid(np.concatenate([CORNERS, -CORNERS[1:]]), pinched)


def test_when_quadrics_tear_the_mesh_the_tolerance_search_keeps_to_the_budget(
    toy: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn = (toy.vertices[:9], np.array([[0, 1, 2], [0, 1, 3], [0, 1, 4]]))
    monkeypatch.setattr("ml.mesh.repair.fast_simplification.simplify", lambda *_, **__: torn)
    finished = meshes.finish(toy, 4_000)
    assert is_closed_manifold(finished.faces)
    assert len(finished.faces) <= 4_000
    assert np.isclose(volume(finished), volume(toy), rtol=2e-2)


def test_the_same_scene_gives_the_same_bytes(toy: Mesh) -> None:
    first, second = meshes.finish(toy, 4_000), meshes.finish(toy, 4_000)
    assert first.vertices.tobytes() == second.vertices.tobytes()
    assert first.faces.tobytes() == second.faces.tobytes()


def test_a_mesh_without_triangles_or_with_nan_is_refused() -> None:
    nothing = Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32), np.zeros((0, 3), np.float32))
    lost = raw(np.full((4, 3), np.nan), np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]))
    sheet = raw(np.eye(3), np.array([[0, 1, 2]]))
    for broken in (nothing, lost, sheet):
        with pytest.raises(ReconstructionError, match="No solid shape"):
            meshes.finish(broken, 5_000)


def test_statistics_of_a_ball_are_those_of_the_textbook() -> None:
    found = printability.statistics(meshes.finish(marching_cubes.extract(ball(0.5), 96), 20_000), height_mm=80.0)
    assert found["watertight"] is True
    assert found["parts"] == 1
    assert np.allclose(found["size_mm"], 80.0, atol=0.3)
    assert np.isclose(found["volume_cm3"], 4 / 3 * np.pi * 4.0**3, rtol=1e-2)
    assert np.isclose(found["area_cm2"], 4 * np.pi * 4.0**2, rtol=1e-2)
    assert np.isclose(found["thinnest_wall_mm"], 80.0, rtol=0.03)


def test_statistics_see_overhang_and_a_thin_wall() -> None:
    table = AnalyticScene(
        (Part("box", (0.0, 0.0, 0.3), (0.4, 0.4, 0.02), RED), Part("box", (0.0, 0.0, -0.1), (0.08, 0.08, 0.4), RED))
    )
    found = printability.statistics(meshes.finish(marching_cubes.extract(table, 192), 40_000), height_mm=82.0)
    assert abs(found["thinnest_wall_mm"] - 4.0) < 0.5
    assert found["overhang_share"] > 0.3


def test_statistics_look_through_the_seams_of_a_texture() -> None:
    whole = meshes.finish(marching_cubes.extract(ball(0.5), 64), 2_000)
    flat = whole.faces.ravel()
    split = Mesh(whole.vertices[flat], np.arange(len(flat), dtype=np.int32).reshape(-1, 3), -whole.normals[flat])
    assert printability.statistics(split, 80.0) == printability.statistics(whole, 80.0)
