"""Every format: which files are written, and that landmarks are in place and in colour in OBJ, GLB, STL and PLY."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from ml import files
from ml.export import write
from ml.formats import FORMATS, files_of_formats, format_names
from ml.mesh.geometry import is_closed_manifold
from ml.recipe import Recipe
from ml.texture.bake import TexturedMesh
from tests.ml.landmarks import EXTRAS, HEIGHT_MM, LANDMARKS, TOY_RECIPE, loaded, nearest, y_up


@pytest.mark.parametrize("chosen", FORMATS)
def test_only_the_chosen_format_and_the_glb_are_written(toy: TexturedMesh, tmp_path: Path, chosen: str) -> None:
    write.write(toy, tmp_path, Recipe(formats=(chosen,)))
    expected = {file.name for file in FORMATS[chosen].files} | {files.GLB}
    assert {path.name for path in tmp_path.iterdir()} == expected


def test_the_names_of_the_files_are_the_contract() -> None:
    assert {name: {file.name for file in FORMATS[name].files} for name in FORMATS} == {
        "glb": {"mesh.glb"},
        "obj": {"mesh.obj", "mesh.mtl", "mesh_texture.png"},
        "stl": {"mesh.stl"},
        "ply": {"mesh.ply"},
        "3mf": {"mesh.3mf"},
        "usdz": {"mesh.usdz"},
    }


def color_at(mesh: trimesh.Trimesh, point: np.ndarray) -> Any:
    """What a renderer shows there: the texture at the uv of the nearest place on the surface, sRGB in [0, 1]."""
    near, face, distance = nearest(mesh, point)
    assert distance < 0.01
    visual: Any = mesh.visual
    weights = trimesh.triangles.points_to_barycentric(mesh.triangles[[face]], [near])[0]  # type: ignore[no-untyped-call]
    u, v = weights @ visual.uv[mesh.faces[face]]
    material = visual.material
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
    mesh: Any = trimesh.load(toy_folder / files.STL)
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


def test_the_same_model_gives_the_same_bytes(toy: TexturedMesh, toy_folder: Path, tmp_path: Path) -> None:
    write.write(toy, tmp_path, TOY_RECIPE, EXTRAS)
    for path in toy_folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("landmark", LANDMARKS)
def test_the_ply_is_canonical_with_colours_at_its_vertices(toy_folder: Path, landmark: str) -> None:
    mesh = loaded(toy_folder / files.PLY)
    point, color = LANDMARKS[landmark]
    _, face, distance = nearest(mesh, np.array(point))
    assert distance < 0.01
    visual: Any = mesh.visual
    assert np.allclose(visual.vertex_colors[mesh.faces[face], :3].mean(axis=0) / 255.0, color, atol=0.06)


def test_the_ply_is_binary_closed_and_of_the_models_size(toy_folder: Path, toy: TexturedMesh) -> None:
    assert (toy_folder / files.PLY).read_bytes().startswith(b"ply\nformat binary_little_endian 1.0\n")
    mesh = loaded(toy_folder / files.PLY)
    assert is_closed_manifold(mesh.faces)
    assert mesh.volume > 0
    assert np.allclose(mesh.bounds, [toy.mesh.vertices.min(axis=0), toy.mesh.vertices.max(axis=0)], atol=1e-6)


def test_every_format_has_a_title_and_a_content_type() -> None:
    for file in files_of_formats():
        assert file.download
        assert ": " in file.title
        assert files.content_type(file.name) == file.content_type
    assert files.content_type(files.THREEMF) == "model/3mf"
    assert files.content_type(files.USDZ) == "model/vnd.usdz+zip"


def test_a_recipe_asks_for_every_format_by_default() -> None:
    assert TOY_RECIPE.formats == format_names() == ("glb", "obj", "stl", "ply", "3mf", "usdz")
