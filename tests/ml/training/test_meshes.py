import numpy as np
import pytest
import trimesh

from ml.training import meshes
from tests.ml.training.solids import ball, cube


def test_about_a_tenth_of_all_names_is_held_out_and_always_the_same():
    held = [meshes.held_out(f"object {number}") for number in range(2000)]
    assert 0.07 < np.mean(held) < 0.13
    assert held[:5] == [meshes.held_out(f"object {number}") for number in range(5)]


def test_a_pack_of_meshes_is_read(tmp_path):
    shape = cube(1.0)
    np.savez(
        tmp_path / "meshes_0.npz",
        vertices=((shape.vertices + 0.5) * 65535).astype(np.uint16),
        faces=shape.faces.astype(np.uint16),
        face_colors=np.full((len(shape.faces), 3), 51, np.uint8),
        vertex_offset=np.array([0, len(shape.vertices)]),
        face_offset=np.array([0, len(shape.faces)]),
        names=np.array(["cube"]),
    )
    (found,) = meshes.from_folder(tmp_path)
    assert found.name == "cube"
    assert np.allclose(found.colors, 0.2)
    assert found.vertices.max() == pytest.approx(1.0)


def test_a_glb_is_turned_from_y_up_to_z_up(tmp_path):
    trimesh.creation.box((1.0, 4.0, 2.0)).export(tmp_path / "tall.glb")
    (found,) = meshes.from_folder(tmp_path)
    assert np.allclose(np.ptp(found.vertices, axis=0), [1.0, 0.5, 2.0], atol=1e-4)


def test_an_inside_out_mesh_is_turned_around():
    shape = cube()
    wrong = meshes.Solid("wrong", shape.vertices, shape.faces[:, ::-1], shape.colors)
    assert np.array_equal(meshes.outward(wrong).faces, shape.faces)
    assert meshes.outward(shape) is shape


def test_a_deformed_object_stays_outward_and_in_its_box():
    for seed in range(6):
        made = meshes.deform(ball(), np.random.default_rng(seed))
        assert meshes.outward(made) is made
        assert np.ptp(made.vertices, axis=0).max() == pytest.approx(2.0, abs=1e-4)


def test_a_swollen_object_stands_as_flat_as_before():
    box = cube(1.0)
    standing = box.vertices[:, 2] == box.vertices[:, 2].min()
    for seed in range(6):
        found = meshes._swollen(box.vertices, np.random.default_rng(seed))
        assert np.allclose(found[standing, 2], box.vertices[:, 2].min())
        assert not np.allclose(found, box.vertices)
