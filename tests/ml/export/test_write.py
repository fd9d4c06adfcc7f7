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
import trimesh
from PIL import Image

from ml import files
from ml.core.images import to_linear
from ml.export import write
from ml.mesh import marching_cubes
from ml.mesh.geometry import is_closed_manifold
from ml.recipe import Recipe
from ml.texture.bake import TexturedMesh
from tests.ml.landmarks import EXTRAS, HEIGHT_MM, LANDMARKS, TOY_RECIPE, loaded, nearest, y_up
from tests.ml.scenes import AnalyticScene

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("preview") / files.PREVIEW
    scene = AnalyticScene()
    write.preview(marching_cubes.extract(scene, 128), scene, path)
    return path


def color_at(mesh: trimesh.Trimesh, point: np.ndarray) -> np.ndarray:
    """What a renderer shows there: the texture at the uv of the nearest place on the surface, sRGB in [0, 1]."""
    near, face, distance = nearest(mesh, point)
    assert distance < 0.01
    weights = trimesh.triangles.points_to_barycentric(mesh.triangles[[face]], [near])[0]
    u, v = weights @ mesh.visual.uv[mesh.faces[face]]
    material = mesh.visual.material
    picture = getattr(material, "baseColorTexture", None) or material.image
    pixels = np.asarray(picture.convert("RGB"))
    height, width = pixels.shape[:2]
    return pixels[int((1.0 - v) * height), int(u * width)] / 255.0


@pytest.mark.parametrize("name", [files.GLB, files.OBJ])
@pytest.mark.parametrize("landmark", LANDMARKS)
def test_every_landmark_is_at_its_place_in_its_colour(toy_folder: Path, name: str, landmark: str) -> None:
    point, color = LANDMARKS[landmark]
    assert np.allclose(color_at(loaded(toy_folder / name), y_up(point)), color, atol=0.06)


@pytest.mark.parametrize("name", [files.GLB, files.OBJ])
def test_size_and_handedness_are_kept(toy_folder: Path, toy: TexturedMesh, name: str) -> None:
    mesh = loaded(toy_folder / name)
    low, high = toy.mesh.vertices.min(axis=0), toy.mesh.vertices.max(axis=0)
    assert np.allclose(mesh.bounds, [y_up(tuple(low)), y_up(tuple(high))], atol=1e-5)
    assert mesh.volume > 0


def test_the_stl_stands_on_zero_in_millimetres(toy_folder: Path, toy: TexturedMesh) -> None:
    mesh = loaded(toy_folder / files.STL)
    assert np.isclose(mesh.bounds[0, 2], 0.0, atol=1e-4)
    assert np.isclose(mesh.bounds[1, 2], HEIGHT_MM, atol=1e-3)
    scale = HEIGHT_MM / np.ptp(toy.mesh.vertices[:, 2])
    assert np.isclose(mesh.volume, 0.2681 * scale**3, rtol=5e-3)


def test_the_stl_keeps_the_canonical_directions(toy_folder: Path, toy: TexturedMesh) -> None:
    mesh = loaded(toy_folder / files.STL)
    scale = HEIGHT_MM / np.ptp(toy.mesh.vertices[:, 2])
    for point, _ in LANDMARKS.values():
        printed = (np.array(point) - (0, 0, toy.mesh.vertices[:, 2].min())) * scale
        assert nearest(mesh, printed)[2] < 0.6


def test_the_stl_is_binary_and_closed(toy_folder: Path, toy: TexturedMesh) -> None:
    data = (toy_folder / files.STL).read_bytes()
    assert not data.startswith(b"solid")
    assert struct.unpack("<I", data[80:84])[0] == len(toy.mesh.faces)
    assert len(data) == 84 + 50 * len(toy.mesh.faces)
    mesh = trimesh.load(toy_folder / files.STL)
    assert mesh.is_watertight
    assert np.allclose(mesh.face_normals, np.frombuffer(data[84:], STL_RECORD)["normal"], atol=1e-3)


STL_RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def test_the_obj_names_its_files_relatively(toy_folder: Path) -> None:
    obj, mtl = (toy_folder / files.OBJ).read_text(), (toy_folder / files.MTL).read_text()
    assert "mtllib mesh.mtl\n" in obj
    assert "map_Kd mesh_texture.png\n" in mtl
    assert "/" not in mtl.replace("mesh_texture.png", "")


def test_the_obj_stays_closed_across_the_seams(toy_folder: Path) -> None:
    rows = [line.split()[1:] for line in (toy_folder / files.OBJ).read_text().splitlines() if line.startswith("f ")]
    places = np.array([[int(corner.split("/")[0]) for corner in row] for row in rows])
    assert is_closed_manifold(places - 1)


def test_the_obj_can_be_moved_to_another_folder(toy_folder: Path, tmp_path: Path) -> None:
    for name in (files.OBJ, files.MTL, files.TEXTURE):
        shutil.copy(toy_folder / name, tmp_path / name)
    point, color = LANDMARKS["nose"]
    assert np.allclose(color_at(loaded(tmp_path / files.OBJ), y_up(point)), color, atol=0.06)


def test_the_texture_file_is_the_texture(toy_folder: Path, toy: TexturedMesh) -> None:
    with Image.open(toy_folder / files.TEXTURE) as picture:
        assert np.array_equal(np.asarray(picture), toy.texture)


def gltf_of(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    magic, version, length, text_length, kind = struct.unpack("<IIIII", data[:20])
    assert (magic, version, length, kind) == (0x46546C67, 2, len(data), 0x4E4F534A)
    document: dict[str, Any] = json.loads(data[20 : 20 + text_length])
    return document


def test_the_glb_is_matte_single_sided_and_signed(toy_folder: Path) -> None:
    gltf = gltf_of(toy_folder / files.GLB)
    [material] = gltf["materials"]
    assert material["pbrMetallicRoughness"]["metallicFactor"] == 0.0
    assert material["pbrMetallicRoughness"]["roughnessFactor"] == 1.0
    assert material["doubleSided"] is False
    assert gltf["images"][0]["mimeType"] == "image/jpeg"
    assert gltf["asset"] == {"version": "2.0", "generator": "Reconsite", "extras": EXTRAS}


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


def stored_colors(path: Path) -> np.ndarray:
    """COLOR_0 as the file holds it."""
    gltf, data = gltf_of(path), path.read_bytes()
    accessor = gltf["accessors"][gltf["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"]]
    view = gltf["bufferViews"][accessor["bufferView"]]
    start = 20 + struct.unpack("<I", data[12:16])[0] + 8 + view["byteOffset"]
    levels = np.frombuffer(data[start : start + view["byteLength"]], np.uint16).reshape(-1, 4)
    assert accessor["normalized"] is True
    return levels[:, :3] / 65535.0


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


def test_the_same_model_gives_the_same_bytes(toy: TexturedMesh, toy_folder: Path, tmp_path: Path) -> None:
    write.write(toy, tmp_path, TOY_RECIPE, EXTRAS)
    for name in (each.name for each in toy_folder.iterdir()):
        assert (tmp_path / name).read_bytes() == (toy_folder / name).read_bytes()


def test_the_glb_says_which_vertices_the_photo_shows(toy: TexturedMesh, tmp_path: Path) -> None:
    seen = np.linspace(0.0, 1.0, len(toy.seen), dtype=np.float32)
    write.write(replace(toy, seen=seen), tmp_path, Recipe(formats=()))
    gltf, data = gltf_of(tmp_path / files.GLB), (tmp_path / files.GLB).read_bytes()
    accessor = gltf["accessors"][gltf["meshes"][0]["primitives"][0]["attributes"]["_SEEN"]]
    start = 20 + struct.unpack("<I", data[12:16])[0] + 8 + gltf["bufferViews"][accessor["bufferView"]]["byteOffset"]
    assert (accessor["type"], accessor["componentType"]) == ("SCALAR", 5126)
    assert np.array_equal(np.frombuffer(data, np.float32, len(seen), start), seen)
