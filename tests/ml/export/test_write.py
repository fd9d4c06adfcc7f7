"""Every format: which files are written, and that landmarks are in place and in colour in OBJ, GLB, STL and PLY."""

from __future__ import annotations

import shutil
import struct
from dataclasses import replace
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
from ml.texture.roughness import of_exponent
from tests.ml.landmarks import EXTRAS, HEIGHT_MM, LANDMARKS, TOY_RECIPE, in_metres_y_up, in_mm_z_up, loaded, nearest


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
    assert distance < 0.001
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
def test_every_landmark_is_at_its_place_in_its_colour(
    toy_folder: Path, toy: TexturedMesh, name: str, landmark: str
) -> None:
    point, color = LANDMARKS[landmark]
    place = in_metres_y_up(point, toy.mesh.vertices)
    assert np.allclose(color_at(loaded(toy_folder / name), place), color, atol=0.06)


@pytest.mark.parametrize("name", [files.GLB, files.OBJ])
def test_size_and_handedness_are_kept(toy_folder: Path, toy: TexturedMesh, name: str) -> None:
    mesh = loaded(toy_folder / name)
    low, high = toy.mesh.vertices.min(axis=0), toy.mesh.vertices.max(axis=0)
    corners = [in_metres_y_up(tuple(corner), toy.mesh.vertices) for corner in (low, high)]
    assert np.allclose(mesh.bounds, corners, atol=1e-6)
    assert mesh.volume > 0


def test_the_stl_stands_on_zero_in_millimetres(toy_folder: Path, toy: TexturedMesh) -> None:
    mesh = loaded(toy_folder / files.STL)
    assert np.isclose(mesh.bounds[0, 2], 0.0, atol=1e-4)
    assert np.isclose(mesh.bounds[1, 2], HEIGHT_MM, atol=1e-3)
    scale = HEIGHT_MM / np.ptp(toy.mesh.vertices[:, 2])
    assert np.isclose(mesh.volume, 0.2681 * scale**3, rtol=5e-3)


def test_the_stl_has_the_photos_side_to_the_front(toy_folder: Path, toy: TexturedMesh) -> None:
    """Read without trimesh, which wrote it."""
    records = np.frombuffer((toy_folder / files.STL).read_bytes()[84:], STL_RECORD)
    corners = records["corners"].reshape(-1, 3).astype(float)
    mesh = trimesh.Trimesh(corners, np.arange(len(corners)).reshape(-1, 3), process=False)
    for point, _ in LANDMARKS.values():
        assert nearest(mesh, in_mm_z_up(point, toy.mesh.vertices))[2] < 0.6


PLY_VERTEX = np.dtype([("position", "<f4", 3), ("color", "u1", 4)])


def test_the_ply_has_the_photos_side_to_the_front(toy_folder: Path, toy: TexturedMesh) -> None:
    """Read without trimesh, which wrote it: the vertex that is farthest to the front is on the blue nose."""
    header, data = (toy_folder / files.PLY).read_bytes().split(b"end_header\n", 1)
    count = int(header.split(b"element vertex ")[1].split()[0])
    vertices = np.frombuffer(data, PLY_VERTEX, count)
    front = vertices[vertices["position"][:, 1].argmin()]
    assert front["color"][2] > front["color"][0] + 100
    assert front["position"][0] < 0.0
    assert front["position"][1] == pytest.approx(in_mm_z_up((0.42, 0.0, 0.0), toy.mesh.vertices)[1], abs=0.6)


def test_one_size_rules_all_formats(toy_folder: Path) -> None:
    width, depth, height = np.ptp(loaded(toy_folder / files.STL).bounds, axis=0)
    for name in (files.THREEMF, files.PLY):
        assert np.allclose(np.ptp(loaded(toy_folder / name).bounds, axis=0), (width, depth, height), atol=1e-3)
    for name in (files.GLB, files.OBJ):
        extent = np.ptp(loaded(toy_folder / name).bounds, axis=0) * 1000.0
        assert np.allclose(extent, (width, height, depth), atol=1e-2)


def test_the_longest_side_has_the_size_unless_the_height_is_chosen(toy: TexturedMesh, tmp_path: Path) -> None:
    write.write(toy, tmp_path, Recipe(formats=("stl",)))
    assert np.ptp(loaded(tmp_path / files.STL).bounds, axis=0).max() == pytest.approx(100.0, abs=1e-3)


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


def test_a_matte_model_reflects_nothing_in_the_mtl(toy_folder: Path) -> None:
    mtl = (toy_folder / files.MTL).read_text()
    assert "Ks 0 0 0\nNs 0\n" in mtl
    assert "Pr" not in mtl


def test_a_shiny_model_has_its_roughness_and_exponent_in_the_mtl(toy: TexturedMesh, tmp_path: Path) -> None:
    write.write(replace(toy, roughness=of_exponent(40.0)), tmp_path, Recipe(formats=("obj",)))
    lines = (tmp_path / files.MTL).read_text().splitlines()
    assert "Ns 40.0" in lines
    assert f"Pr {of_exponent(40.0):.3f}" in lines
    assert "illum 2" in lines


def test_the_obj_stays_closed_across_the_seams(toy_folder: Path) -> None:
    rows = [line.split()[1:] for line in (toy_folder / files.OBJ).read_text().splitlines() if line.startswith("f ")]
    places = np.array([[int(corner.split("/")[0]) for corner in row] for row in rows])
    assert is_closed_manifold(places - 1)


def test_the_obj_can_be_moved_to_another_folder(toy: TexturedMesh, toy_folder: Path, tmp_path: Path) -> None:
    for name in (files.OBJ, files.MTL, files.TEXTURE):
        shutil.copy(toy_folder / name, tmp_path / name)
    point, color = LANDMARKS["nose"]
    place = in_metres_y_up(point, toy.mesh.vertices)
    assert np.allclose(color_at(loaded(tmp_path / files.OBJ), place), color, atol=0.06)


def test_the_texture_file_is_the_texture(toy_folder: Path, toy: TexturedMesh) -> None:
    with Image.open(toy_folder / files.TEXTURE) as picture:
        assert np.array_equal(np.asarray(picture), toy.texture)


def test_the_same_model_gives_the_same_bytes(toy: TexturedMesh, toy_folder: Path, tmp_path: Path) -> None:
    write.write(toy, tmp_path, TOY_RECIPE, EXTRAS)
    for path in toy_folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("landmark", LANDMARKS)
def test_the_ply_has_colours_at_its_vertices(toy_folder: Path, toy: TexturedMesh, landmark: str) -> None:
    mesh = loaded(toy_folder / files.PLY)
    point, color = LANDMARKS[landmark]
    _, face, distance = nearest(mesh, in_mm_z_up(point, toy.mesh.vertices))
    assert distance < 1.0
    visual: Any = mesh.visual
    assert np.allclose(visual.vertex_colors[mesh.faces[face], :3].mean(axis=0) / 255.0, color, atol=0.06)


def test_the_ply_is_binary_closed_and_of_the_models_size(toy_folder: Path, toy: TexturedMesh) -> None:
    assert (toy_folder / files.PLY).read_bytes().startswith(b"ply\nformat binary_little_endian 1.0\n")
    mesh = loaded(toy_folder / files.PLY)
    assert is_closed_manifold(mesh.faces)
    assert mesh.volume > 0
    assert np.ptp(mesh.bounds[:, 2]) == pytest.approx(HEIGHT_MM, abs=1e-3)


def test_every_format_has_a_title_and_a_content_type() -> None:
    for file in files_of_formats():
        assert file.download
        assert ": " in file.title
        assert files.content_type(file.name) == file.content_type
    assert files.content_type(files.THREEMF) == "model/3mf"
    assert files.content_type(files.USDZ) == "model/vnd.usdz+zip"


def test_a_recipe_asks_for_every_format_by_default() -> None:
    assert TOY_RECIPE.formats == format_names() == ("glb", "obj", "stl", "ply", "3mf", "usdz")
