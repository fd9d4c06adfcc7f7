from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

from ml.training import meshes
from ml.training.conventions import is_held_out
from tests.ml.training.primitives import ball, cube


def test_about_a_tenth_of_all_names_is_held_out_and_always_the_same_ones() -> None:
    held_out = [is_held_out(f"object {number}") for number in range(2000)]
    assert 0.07 < np.mean(held_out) < 0.13
    assert held_out[:5] == [is_held_out(f"object {number}") for number in range(5)]


def test_a_pack_of_meshes_is_read(tmp_path: Path) -> None:
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
    (loaded,) = meshes.load_folder(tmp_path)
    assert loaded.name == "cube"
    assert np.allclose(loaded.colors, 0.2)
    assert loaded.vertices.max() == pytest.approx(1.0)


def test_a_glb_is_rotated_from_y_up_to_z_up(tmp_path: Path) -> None:
    trimesh.creation.box((1.0, 4.0, 2.0)).export(tmp_path / "tall.glb")
    (loaded,) = meshes.load_folder(tmp_path)
    assert np.allclose(np.ptp(loaded.vertices, axis=0), [1.0, 0.5, 2.0], atol=1e-4)


def test_an_inside_out_mesh_is_flipped() -> None:
    shape = cube()
    inverted = replace(shape, faces=shape.faces[:, ::-1])
    assert np.array_equal(meshes.outward_facing(inverted).faces, shape.faces)
    assert meshes.outward_facing(shape) is shape


def test_a_deformed_object_still_faces_outward_and_keeps_its_size() -> None:
    for seed in range(6):
        deformed = meshes.deform(ball(), np.random.default_rng(seed))
        assert meshes.outward_facing(deformed) is deformed
        assert np.ptp(deformed.vertices, axis=0).max() == pytest.approx(2.0, abs=1e-4)


def test_bulging_keeps_the_base_flat() -> None:
    box = cube(1.0)
    base = box.vertices[:, 2] == box.vertices[:, 2].min()
    for seed in range(6):
        bulged = meshes.bulged(box.vertices, np.random.default_rng(seed))
        assert np.allclose(bulged[base, 2], box.vertices[:, 2].min())
        assert not np.allclose(bulged, box.vertices)
