"""GLB, read back by trimesh and validated by Khronos' own validator."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml import files
from ml.core.images import to_linear
from ml.export import glb, write
from ml.mesh import marching_cubes
from ml.recipe import Recipe
from ml.texture import bake
from ml.texture.bake import TexturedMesh
from tests.ml.glb_files import gltf_of, stored_colors
from tests.ml.landmarks import EXTRAS, LANDMARKS, loaded, y_up
from tests.ml.scenes import AnalyticScene

ROOT = Path(__file__).resolve().parents[3]


def test_the_glb_is_matte_single_sided_and_signed(toy_folder: Path) -> None:
    gltf = gltf_of(toy_folder / files.GLB)
    [material] = gltf["materials"]
    assert material["pbrMetallicRoughness"]["metallicFactor"] == 0.0
    assert material["pbrMetallicRoughness"]["roughnessFactor"] == 1.0
    assert material["doubleSided"] is False
    assert gltf["images"][0]["mimeType"] == "image/jpeg"
    assert gltf["asset"] == {"version": "2.0", "generator": "Reconsite", "extras": EXTRAS}


def test_a_shiny_model_is_shiny_in_the_glb(
    validate: Callable[[Path], dict[str, Any]], toy: TexturedMesh, tmp_path: Path
) -> None:
    write.write(replace(toy, roughness=0.4), tmp_path, Recipe(formats=()))
    [material] = gltf_of(tmp_path / files.GLB)["materials"]
    assert material["pbrMetallicRoughness"]["roughnessFactor"] == 0.4
    assert material["pbrMetallicRoughness"]["metallicFactor"] == 0.0
    issues = validate(tmp_path / files.GLB)
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]


def test_a_relief_is_the_normal_map_of_the_glb(
    validate: Callable[[Path], dict[str, Any]], toy: TexturedMesh, tmp_path: Path
) -> None:
    size = len(toy.texture)
    normals = np.broadcast_to(np.array([140, 110, 250], np.uint8), (size, size, 3))
    write.write(replace(toy, normal_map=normals), tmp_path, Recipe(formats=()))
    visual: Any = loaded(tmp_path / files.GLB).visual
    found = np.asarray(visual.material.normalTexture.convert("RGB")).reshape(-1, 3)
    assert np.abs(found.astype(int) - [140, 110, 250]).max() <= 4
    issues = validate(tmp_path / files.GLB)
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]


def test_a_model_without_a_relief_has_no_normal_map(toy_folder: Path) -> None:
    gltf = gltf_of(toy_folder / files.GLB)
    assert "normalTexture" not in gltf["materials"][0]
    assert len(gltf["images"]) == 1


def test_the_glb_normals_point_outwards(toy_folder: Path) -> None:
    mesh = loaded(toy_folder / files.GLB)
    across = np.einsum("fc,fc->f", mesh.face_normals, mesh.vertex_normals[mesh.faces].mean(axis=1))
    assert (across > 0).mean() > 0.99


def test_the_preview_is_light_and_has_linear_colours_at_the_landmarks(preview: Path) -> None:
    mesh = loaded(preview)
    assert len(mesh.faces) <= write.PREVIEW_FACES
    assert preview.stat().st_size < 400_000
    assert mesh.is_watertight
    linear = stored_colors(preview)
    for point, color in LANDMARKS.values():
        nearest = np.linalg.norm(mesh.vertices - y_up(point), axis=1).argmin()
        assert np.allclose(linear[nearest], to_linear(np.array(color)), atol=0.02)


@pytest.fixture
def validate() -> Callable[[Path], dict[str, Any]]:
    """The Khronos validator, where `npm install` has put it beside the front end."""
    if not (ROOT / "node_modules" / "gltf-validator").is_dir() or shutil.which("node") is None:
        pytest.skip("gltf-validator is not in node_modules")
    script = (
        "require('gltf-validator').validateBytes(new Uint8Array(require('fs').readFileSync(process.argv[1])))"
        ".then(report => console.log(JSON.stringify(report.issues)))"
    )

    def run(path: Path) -> dict[str, Any]:
        found = subprocess.run(["node", "-e", script, str(path)], cwd=ROOT, capture_output=True, check=True)
        issues: dict[str, Any] = json.loads(found.stdout)
        return issues

    return run


def test_the_khronos_validator_has_nothing_to_say(
    validate: Callable[[Path], dict[str, Any]], toy_folder: Path, preview: Path
) -> None:
    for path in (toy_folder / files.GLB, preview):
        issues = validate(path)
        assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]


def test_the_glb_says_which_vertices_the_photo_shows(toy: TexturedMesh, tmp_path: Path) -> None:
    observed = np.linspace(0.0, 1.0, len(toy.observed), dtype=np.float32)
    write.write(replace(toy, observed=observed), tmp_path, Recipe(formats=()))
    gltf, data = gltf_of(tmp_path / files.GLB), (tmp_path / files.GLB).read_bytes()
    accessor = gltf["accessors"][gltf["meshes"][0]["primitives"][0]["attributes"]["_SEEN"]]
    start = 20 + struct.unpack("<I", data[12:16])[0] + 8 + gltf["bufferViews"][accessor["bufferView"]]["byteOffset"]
    assert (accessor["type"], accessor["componentType"]) == ("SCALAR", 5126)
    assert np.array_equal(np.frombuffer(data, np.float32, len(observed), start), observed)


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("preview") / files.PREVIEW
    scene = AnalyticScene()
    mesh = write.preview_mesh(marching_cubes.extract(scene, 128))
    write.preview(mesh, bake.vertex_colors(mesh, scene, []), path)
    return path


TRIANGLE = np.array([[0, 0, 0], [1, 0, 0], [0, 2, 0]], np.float32)


def written(path: Path, positions: np.ndarray, faces: np.ndarray) -> dict[str, Any]:
    """The JSON of a GLB of white vertices."""
    glb.colored(path, positions, np.ones_like(positions), np.ones_like(positions), faces)
    return gltf_of(path)


@pytest.mark.parametrize(("vertices", "component"), [(65_535, glb.UNSIGNED_SHORT), (65_536, glb.UNSIGNED_INT)])
def test_indices_are_16_bits_unless_the_mesh_needs_32(tmp_path: Path, vertices: int, component: int) -> None:
    positions = np.resize(TRIANGLE, (vertices, 3))
    faces = np.array([[0, 1, vertices - 1]], np.int32)
    gltf = written(tmp_path / "mesh.glb", positions, faces)
    assert gltf["accessors"][gltf["meshes"][0]["primitives"][0]["indices"]]["componentType"] == component


def test_positions_state_their_bounds_and_every_view_is_aligned(tmp_path: Path) -> None:
    gltf = written(tmp_path / "mesh.glb", TRIANGLE, np.array([[0, 1, 2]], np.int32))
    position = gltf["accessors"][gltf["meshes"][0]["primitives"][0]["attributes"]["POSITION"]]
    assert (position["min"], position["max"]) == ([0, 0, 0], [1, 2, 0])
    assert all(view["byteOffset"] % 4 == 0 for view in gltf["bufferViews"])
    assert (tmp_path / "mesh.glb").stat().st_size % 4 == 0
