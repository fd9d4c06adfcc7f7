"""Measurements of meshes whose figures are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import trimesh

from ml.core.frames import place
from ml.mesh import marching_cubes, printability, repair
from ml.mesh.geometry import vertex_normals
from ml.mesh.mesh import Mesh
from tests.ml.scenes import RED, AnalyticScene, Part, ball


def box(sides: tuple[float, float, float], centre: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Mesh:
    """A box of 12 triangles."""
    shape = trimesh.creation.box(sides)
    vertices, faces = (shape.vertices + centre).astype(np.float32), shape.faces.astype(np.int32)
    return Mesh(vertices, faces, vertex_normals(vertices, faces))


def joined(*meshes: Mesh) -> Mesh:
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        faces.astype(np.int32),
        np.concatenate([mesh.normals for mesh in meshes]),
    )


def measured(mesh: Mesh, height_mm: float) -> dict[str, Any]:
    return printability.statistics(mesh, place(mesh.vertices, height_mm, "height"))


def test_a_box_is_measured_in_the_units_of_the_print() -> None:
    found = measured(box((0.2, 0.4, 0.8)), 80.0)
    assert found["vertices"] == 8
    assert found["faces"] == 12
    assert found["size_mm"] == pytest.approx([20.0, 40.0, 80.0])
    assert found["volume_cm3"] == pytest.approx(64.0)
    assert found["area_cm2"] == pytest.approx(112.0)
    assert found["thinnest_wall_mm"] == pytest.approx(20.0, abs=0.01)


def test_the_face_on_the_bed_is_no_overhang() -> None:
    assert measured(box((0.5, 0.5, 0.5)), 50.0)["overhang_share"] == 0.0


def test_a_face_above_the_bed_that_looks_down_is_an_overhang() -> None:
    mesh = joined(box((0.1, 0.1, 0.1)), box((1.0, 1.0, 0.1), (0.0, 0.0, 0.5)))
    top = 2 * 1.0 + 4 * 0.1
    assert measured(mesh, 60.0)["overhang_share"] == pytest.approx(1.0 / (top + 0.06), abs=1e-3)


@pytest.mark.parametrize(("degrees", "overhangs"), [(40.0, False), (50.0, True)])
def test_a_slope_overhangs_beyond_45_degrees(degrees: float, overhangs: bool) -> None:
    """The sides of a cone on its tip, at this angle from the vertical."""
    cone = trimesh.creation.cone(radius=float(np.tan(np.radians(degrees))), height=1.0, sections=64)
    vertices, faces = (cone.vertices * (1, 1, -1)).astype(np.float32), cone.faces[:, ::-1].astype(np.int32)
    found = measured(Mesh(vertices, faces, vertex_normals(vertices, faces)), 50.0)
    assert (found["overhang_share"] > 0.5) == overhangs


def test_parts_are_counted_and_an_open_mesh_is_not_watertight() -> None:
    two = joined(box((0.2, 0.2, 0.2)), box((0.2, 0.2, 0.2), (0.6, 0.0, 0.0)))
    open_box = Mesh(two.vertices[:8], two.faces[:11], two.normals[:8])
    assert measured(two, 50.0)["parts"] == 2
    assert measured(two, 50.0)["watertight"]
    assert not measured(open_box, 50.0)["watertight"]


def test_repairs_are_listed() -> None:
    whole = box((0.2, 0.2, 0.2))
    repaired = Mesh(whole.vertices, whole.faces, whole.normals, ("Holes were closed.",))
    assert measured(repaired, 50.0)["repairs"] == ["Holes were closed."]


def test_a_ball_has_the_volume_area_and_size_of_the_formulas() -> None:
    found = measured(repair.finish(marching_cubes.extract(ball(0.5), 96), 20_000), 80.0)
    assert found["watertight"] is True
    assert found["parts"] == 1
    assert np.allclose(found["size_mm"], 80.0, atol=0.3)
    assert np.isclose(found["volume_cm3"], 4 / 3 * np.pi * 4.0**3, rtol=1e-2)
    assert np.isclose(found["area_cm2"], 4 * np.pi * 4.0**2, rtol=1e-2)
    assert np.isclose(found["thinnest_wall_mm"], 80.0, rtol=0.03)


def test_a_table_has_an_overhang_and_a_thin_wall() -> None:
    table = AnalyticScene(
        (Part("box", (0.0, 0.0, 0.3), (0.4, 0.4, 0.02), RED), Part("box", (0.0, 0.0, -0.1), (0.08, 0.08, 0.4), RED))
    )
    found = measured(repair.finish(marching_cubes.extract(table, 192), 40_000), 82.0)
    assert abs(found["thinnest_wall_mm"] - 4.0) < 0.5
    assert found["overhang_share"] > 0.3


def test_seams_do_not_change_the_statistics() -> None:
    whole = repair.finish(marching_cubes.extract(ball(0.5), 64), 2_000)
    flat = whole.faces.ravel()
    split = Mesh(whole.vertices[flat], np.arange(len(flat), dtype=np.int32).reshape(-1, 3), -whole.normals[flat])
    assert measured(split, 80.0) == measured(whole, 80.0)
