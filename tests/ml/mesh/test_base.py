"""Standing: the centre of mass over the support polygon, flat cuts and plates, on shapes whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from ml.core.frames import place
from ml.mesh import base, printability
from ml.mesh.geometry import vertex_normals
from ml.mesh.mesh import Mesh
from ml.mesh.repair import is_watertight
from ml.mesh.stability import center_of_mass, tilt_before_falling


def mesh_of(shape: trimesh.Trimesh) -> Mesh:
    vertices, faces = shape.vertices.astype(np.float32), shape.faces.astype(np.int32)
    return Mesh(vertices, faces, vertex_normals(vertices, faces))


def box(*sides: float, at: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Mesh:
    shape = trimesh.creation.box(sides)
    shape.apply_translation(at)
    return mesh_of(shape)


def egg(ratio: float = 1.0) -> Mesh:
    shape = trimesh.creation.icosphere(4, 0.4)
    shape.apply_scale((1.0, 1.0, ratio))
    return mesh_of(shape)


def cone_on_its_tip() -> Mesh:
    cone = trimesh.creation.cone(0.4, 1.0)
    cone.apply_transform(np.diag([1.0, -1.0, -1.0, 1.0]))
    return mesh_of(cone)


def test_the_centre_of_mass_is_that_of_the_volume() -> None:
    two = base.joined(box(0.2, 0.2, 0.2), box(0.2, 0.2, 0.6, at=(1.0, 0.0, 0.2)))
    assert center_of_mass(two.vertices, two.faces).tolist() == pytest.approx([0.75, 0.0, 0.15], abs=1e-6)


@pytest.mark.parametrize(("width", "tilt"), [(1.0, 45.0), (0.1, 5.71)])
def test_a_box_tilts_until_its_centre_is_over_its_edge(width: float, tilt: float) -> None:
    mesh = box(width, 1.0, 1.0)
    assert tilt_before_falling(mesh.vertices, mesh.faces) == pytest.approx(tilt, abs=0.01)


def test_a_centre_beyond_the_feet_falls_over() -> None:
    mesh = base.joined(box(0.1, 0.1, 0.5), box(1.0, 0.1, 0.1, at=(0.5, 0.0, 0.3)))
    assert tilt_before_falling(mesh.vertices, mesh.faces) == 0.0


def test_an_egg_falls_over_unless_it_is_cut_flat() -> None:
    whole = egg(1.3)
    cut = base.cut_flat(whole, "auto")
    assert tilt_before_falling(whole.vertices, whole.faces) < 5.0
    assert tilt_before_falling(cut.vertices, cut.faces) >= 5.0
    assert is_watertight(cut.vertices, cut.faces)
    assert np.ptp(cut.vertices[:, 2]) >= 0.97 * np.ptp(whole.vertices[:, 2]) - 1e-6
    assert cut.repairs[-1].endswith("were cut flat to stand on.")


@pytest.mark.parametrize("name", ["auto", "none"])
def test_what_stands_already_is_not_touched(name: str) -> None:
    mesh = box(0.5, 0.5, 0.5)
    assert base.cut_flat(mesh, name) is mesh


def test_what_falls_over_all_the_same_is_only_cut_on_request() -> None:
    mesh = cone_on_its_tip()
    assert base.cut_flat(mesh, "auto") is mesh
    assert np.ptp(base.cut_flat(mesh, "flat").vertices[:, 2]) == pytest.approx(0.97, abs=1e-5)
    assert base.cut_flat(egg(), "none").repairs == ()


def test_a_plate_makes_it_stand_and_is_closed() -> None:
    mesh = cone_on_its_tip()
    plate = base.plate_under(mesh, mm_per_unit=100.0)
    whole = base.joined(mesh, plate)
    assert tilt_before_falling(whole.vertices, whole.faces) > 10.0
    assert np.ptp(plate.vertices[:, 2]) * 100.0 == pytest.approx(base.PLATE_MM, abs=1e-3)
    solid = trimesh.Trimesh(plate.vertices, plate.faces)
    assert solid.is_watertight
    assert solid.volume > 0
    assert np.einsum("vc,vc->v", plate.normals, plate.vertices - plate.vertices.mean(axis=0)).min() > 0


@pytest.mark.parametrize(
    ("shape", "genus"), [(trimesh.creation.torus(0.4, 0.1), 1), (trimesh.creation.icosphere(3, 0.4), 0)]
)
def test_the_genus_counts_the_holes(shape: trimesh.Trimesh, genus: int) -> None:
    mesh = mesh_of(shape)
    two = base.joined(mesh, Mesh(mesh.vertices + np.float32(2.0), mesh.faces, mesh.normals))
    for solid, handles in ((mesh, genus), (two, 2 * genus)):
        assert printability.statistics(solid, place(solid.vertices, 50.0, "longest"))["genus"] == handles


def test_an_open_mesh_has_no_genus() -> None:
    whole = egg()
    half = Mesh(whole.vertices, whole.faces[:-5], whole.normals)
    assert printability.statistics(half, place(half.vertices, 50.0, "longest"))["genus"] is None
