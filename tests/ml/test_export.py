from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from ml import export, files, surface, texture
from ml import mesh as meshes
from ml.geometry import is_closed_manifold
from ml.sampling import to_linear
from ml.texture import TexturedMesh
from tests.ml.scenes import BLUE, GREEN, RED, YELLOW, AnalyticScene

HEIGHT_MM = 80.0
ROOT = Path(__file__).resolve().parents[2]

LANDMARKS = {
    "nose": ((0.42, -0.20, -0.05), BLUE),
    "egg": ((0.0, 0.25, 0.46), GREEN),
    "mast": ((-0.28, -0.28, 0.50), YELLOW),
    "side": ((0.0, 0.42, -0.20), RED),
    "back": ((-0.30, 0.10, -0.20), RED),
}
"""Places on the surface in the canonical frame, and their colours."""


@pytest.fixture(scope="module")
def model() -> TexturedMesh:
    scene = AnalyticScene()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ml.unwrap.TIME_LIMIT", 0)
        return texture.bake(meshes.finish(surface.extract(scene, 128), 10_000), scene, [], 512)


@pytest.fixture(scope="module")
def folder(model: TexturedMesh, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("files")
    export.write(model, out, HEIGHT_MM)
    return out


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("preview") / files.PREVIEW
    scene = AnalyticScene()
    export.preview(surface.extract(scene, 128), scene, path)
    return path


def y_up(point: tuple[float, float, float]) -> np.ndarray:
    """Photo's side +z, picture right +x, up +y: written out here, apart from the code under test."""
    towards_photo, right, up = point
    return np.array([right, up, towards_photo])


def loaded(path: Path) -> trimesh.Trimesh:
    mesh = trimesh.load(path, force="mesh", process=False)
    assert isinstance(mesh, trimesh.Trimesh)
    return mesh


def nearest(mesh: trimesh.Trimesh, point: np.ndarray) -> tuple[np.ndarray, int, float]:
    """The nearest place on the surface, its triangle and how far away it is."""
    places = trimesh.triangles.closest_point(mesh.triangles, np.tile(point, (len(mesh.faces), 1)))
    distances = np.linalg.norm(places - point, axis=1)
    face = int(distances.argmin())
    return places[face], face, float(distances[face])


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
def test_every_landmark_is_at_its_place_in_its_colour(folder: Path, name: str, landmark: str) -> None:
    point, color = LANDMARKS[landmark]
    assert np.allclose(color_at(loaded(folder / name), y_up(point)), color, atol=0.06)


@pytest.mark.parametrize("name", [files.GLB, files.OBJ])
def test_size_and_handedness_are_kept(folder: Path, model: TexturedMesh, name: str) -> None:
    mesh = loaded(folder / name)
    low, high = model.mesh.vertices.min(axis=0), model.mesh.vertices.max(axis=0)
    assert np.allclose(mesh.bounds, [y_up(tuple(low)), y_up(tuple(high))], atol=1e-5)
    assert mesh.volume > 0


def test_the_stl_stands_on_zero_in_millimetres(folder: Path, model: TexturedMesh) -> None:
    mesh = loaded(folder / files.STL)
    assert np.isclose(mesh.bounds[0, 2], 0.0, atol=1e-4)
    assert np.isclose(mesh.bounds[1, 2], HEIGHT_MM, atol=1e-3)
    scale = HEIGHT_MM / np.ptp(model.mesh.vertices[:, 2])
    assert np.isclose(mesh.volume, 0.2681 * scale**3, rtol=5e-3)


def test_the_stl_keeps_the_canonical_directions(folder: Path, model: TexturedMesh) -> None:
    mesh = loaded(folder / files.STL)
    scale = HEIGHT_MM / np.ptp(model.mesh.vertices[:, 2])
    for point, _ in LANDMARKS.values():
        printed = (np.array(point) - (0, 0, model.mesh.vertices[:, 2].min())) * scale
        assert nearest(mesh, printed)[2] < 0.6


def test_the_stl_is_binary_and_closed(folder: Path, model: TexturedMesh) -> None:
    data = (folder / files.STL).read_bytes()
    assert not data.startswith(b"solid")
    assert struct.unpack("<I", data[80:84])[0] == len(model.mesh.faces)
    assert len(data) == 84 + 50 * len(model.mesh.faces)
    mesh = trimesh.load(folder / files.STL)
    assert mesh.is_watertight
    assert np.allclose(mesh.face_normals, np.frombuffer(data[84:], STL_RECORD)["normal"], atol=1e-3)


STL_RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def test_the_obj_names_its_files_relatively(folder: Path) -> None:
    obj, mtl = (folder / files.OBJ).read_text(), (folder / files.MTL).read_text()
    assert "mtllib mesh.mtl\n" in obj
    assert "map_Kd mesh_texture.png\n" in mtl
    assert "/" not in mtl.replace("mesh_texture.png", "")


def test_the_obj_stays_closed_across_the_seams(folder: Path) -> None:
    rows = [line.split()[1:] for line in (folder / files.OBJ).read_text().splitlines() if line.startswith("f ")]
    places = np.array([[int(corner.split("/")[0]) for corner in row] for row in rows])
    assert is_closed_manifold(places - 1)


def test_the_obj_can_be_moved_to_another_folder(folder: Path, tmp_path: Path) -> None:
    for name in (files.OBJ, files.MTL, files.TEXTURE):
        shutil.copy(folder / name, tmp_path / name)
    point, color = LANDMARKS["nose"]
    assert np.allclose(color_at(loaded(tmp_path / files.OBJ), y_up(point)), color, atol=0.06)


def test_the_texture_file_is_the_texture(folder: Path, model: TexturedMesh) -> None:
    with Image.open(folder / files.TEXTURE) as picture:
        assert np.array_equal(np.asarray(picture), model.texture)


def gltf_of(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    magic, version, length, text_length, kind = struct.unpack("<IIIII", data[:20])
    assert (magic, version, length, kind) == (0x46546C67, 2, len(data), 0x4E4F534A)
    document: dict[str, Any] = json.loads(data[20 : 20 + text_length])
    return document


def test_the_glb_is_matte_single_sided_and_signed(folder: Path) -> None:
    gltf = gltf_of(folder / files.GLB)
    [material] = gltf["materials"]
    assert material["pbrMetallicRoughness"]["metallicFactor"] == 0.0
    assert material["pbrMetallicRoughness"]["roughnessFactor"] == 1.0
    assert material["doubleSided"] is False
    assert gltf["images"][0]["mimeType"] == "image/jpeg"
    assert gltf["asset"] == {"version": "2.0", "generator": "Reconsite"}


def test_the_glb_normals_point_outwards(folder: Path) -> None:
    mesh = loaded(folder / files.GLB)
    across = np.einsum("fc,fc->f", mesh.face_normals, mesh.vertex_normals[mesh.faces].mean(axis=1))
    assert (across > 0).mean() > 0.99


def test_the_preview_is_light_and_has_linear_colours_at_the_landmarks(preview: Path) -> None:
    mesh = loaded(preview)
    assert len(mesh.faces) <= export.PREVIEW_FACES
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
    validate: Callable[[Path], dict[str, Any]], folder: Path, preview: Path
) -> None:
    for path in (folder / files.GLB, preview):
        issues = validate(path)
        assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]


def test_the_same_model_gives_the_same_bytes(model: TexturedMesh, folder: Path, tmp_path: Path) -> None:
    export.write(model, tmp_path, HEIGHT_MM)
    for name in (files.GLB, files.OBJ, files.MTL, files.TEXTURE, files.STL):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
