"""USDZ, read back and validated by OpenUSD."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from pxr import Sdf, Usd, UsdGeom, UsdShade, UsdValidation

from ml import files
from ml.export import usdz, write
from ml.export.model import Finish
from ml.recipe import Recipe
from ml.texture.bake import TexturedMesh
from tests.ml.landmarks import HEIGHT_MM, LANDMARKS, in_metres_y_up, nearest


@pytest.fixture(scope="module")
def stage(toy_folder: Path) -> Usd.Stage:
    return Usd.Stage.Open(str(toy_folder / files.USDZ))


def usd_mesh(stage: Usd.Stage) -> UsdGeom.Mesh:
    [mesh] = [UsdGeom.Mesh(prim) for prim in stage.Traverse() if prim.IsA(UsdGeom.Mesh)]
    return mesh


def test_the_usd_validators_have_nothing_to_say(stage: Usd.Stage) -> None:
    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    assert len(validators) > 20
    errors = UsdValidation.ValidationContext(validators).Validate(stage)
    assert [error.GetMessage() for error in errors] == []


def test_the_usdz_is_stored_and_aligned_with_the_layer_first(toy_folder: Path) -> None:
    data = (toy_folder / files.USDZ).read_bytes()
    with zipfile.ZipFile(toy_folder / files.USDZ) as archive:
        entries = archive.infolist()
    assert entries[0].filename.endswith(".usdc")
    for entry in entries:
        name, extra = struct.unpack("<HH", data[entry.header_offset + 26 : entry.header_offset + 30])
        assert (entry.header_offset + 30 + name + extra) % 64 == 0
        assert entry.compress_type == zipfile.ZIP_STORED
        assert data[entry.header_offset + 30 + name + extra :].startswith((b"PXR-USDC", b"\xff\xd8\xff"))


def test_the_usdz_is_y_up_in_metres_and_as_tall_as_the_recipe_says(stage: Usd.Stage) -> None:
    assert UsdGeom.GetStageUpAxis(stage) == "Y"
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1.0
    low, high = np.array(usd_mesh(stage).GetExtentAttr().Get())
    assert np.isclose(low[1], 0.0, atol=1e-6)
    assert np.isclose(high[1], HEIGHT_MM / 1000.0, atol=1e-6)
    assert np.allclose((low + high)[[0, 2]], 0.0, atol=1e-6)


@pytest.mark.parametrize("landmark", LANDMARKS)
def test_the_usdz_shows_every_landmark_in_its_colour(
    stage: Usd.Stage, toy_folder: Path, toy: TexturedMesh, landmark: str
) -> None:
    point, color = LANDMARKS[landmark]
    place = in_metres_y_up(point, toy.mesh.vertices)
    usd = usd_mesh(stage)
    faces = np.array(usd.GetFaceVertexIndicesAttr().Get()).reshape(-1, 3)
    mesh = trimesh.Trimesh(np.array(usd.GetPointsAttr().Get()), faces, process=False)
    near, face, distance = nearest(mesh, place)
    assert distance < 0.001
    weights = trimesh.triangles.points_to_barycentric(mesh.triangles[[face]], [near])[0]  # type: ignore[no-untyped-call]
    coordinates = np.array(UsdGeom.PrimvarsAPI(usd).GetPrimvar("st").Get())
    u, v = weights @ coordinates[faces[face]]
    pixels = usd_texture(usd, toy_folder / files.USDZ)
    assert np.allclose(pixels[int((1.0 - v) * len(pixels)), int(u * len(pixels))] / 255.0, color, atol=0.06)


def usd_texture(mesh: UsdGeom.Mesh, path: Path) -> np.ndarray:
    """The picture that the mesh's own material leads to, out of the package."""
    material, _ = UsdShade.MaterialBindingAPI(mesh).ComputeBoundMaterial()
    surface = material.ComputeSurfaceSource("")[0]
    assert surface.GetInput("metallic").Get() == 0.0
    assert surface.GetInput("roughness").Get() == 1.0
    picture = UsdShade.Shader(surface.GetInput("diffuseColor").GetConnectedSources()[0][0].source.GetPrim())
    assert picture.GetInput("st").HasConnectedSource()
    package, inside = Sdf.AssetPath(picture.GetInput("file").Get()).resolvedPath.rstrip("]").split("[")
    assert Path(package) == path
    with zipfile.ZipFile(path) as archive:
        return np.asarray(Image.open(io.BytesIO(archive.read(inside))).convert("RGB"))


def test_a_shiny_model_is_shiny_in_the_usdz(toy: TexturedMesh, tmp_path: Path) -> None:
    write.write(replace(toy, roughness=0.4), tmp_path, Recipe(formats=("usdz",)))
    stage = Usd.Stage.Open(str(tmp_path / files.USDZ))
    material, _ = UsdShade.MaterialBindingAPI(usd_mesh(stage)).ComputeBoundMaterial()
    assert material.ComputeSurfaceSource("")[0].GetInput("roughness").Get() == pytest.approx(0.4)


def test_a_relief_is_the_normal_map_of_the_usdz(toy: TexturedMesh, tmp_path: Path) -> None:
    normals = np.broadcast_to(np.array([140, 110, 250], np.uint8), toy.texture.shape)
    write.write(replace(toy, normal_map=normals), tmp_path, Recipe(formats=("usdz",)))
    stage = Usd.Stage.Open(str(tmp_path / files.USDZ))
    material, _ = UsdShade.MaterialBindingAPI(usd_mesh(stage)).ComputeBoundMaterial()
    connected = material.ComputeSurfaceSource("")[0].GetInput("normal").GetConnectedSources()[0][0].source
    picture = UsdShade.Shader(connected.GetPrim())
    assert picture.GetInput("sourceColorSpace").Get() == "raw"
    assert tuple(picture.GetInput("scale").Get()) == (2, 2, 2, 1)
    assert tuple(picture.GetInput("bias").Get()) == (-1, -1, -1, 0)
    with zipfile.ZipFile(tmp_path / files.USDZ) as archive:
        found = np.asarray(Image.open(io.BytesIO(archive.read(usdz.NORMALS))).convert("RGB"))
    assert np.abs(found.reshape(-1, 3).astype(int) - [140, 110, 250]).max() <= 4


def test_the_usd_normals_point_outwards(stage: Usd.Stage) -> None:
    usd = usd_mesh(stage)
    faces = np.array(usd.GetFaceVertexIndicesAttr().Get()).reshape(-1, 3)
    mesh = trimesh.Trimesh(np.array(usd.GetPointsAttr().Get()), faces, process=False)
    normals = np.array(usd.GetNormalsAttr().Get())[faces].mean(axis=1)
    assert (np.einsum("fc,fc->f", mesh.face_normals, normals) > 0).mean() > 0.99


def test_the_texture_coordinates_point_up(tmp_path: Path) -> None:
    """USD counts them from the bottom left corner, the mesh from the top left."""
    positions = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    uv = np.array([[0.0, 0.0], [0.5, 0.25], [1.0, 1.0]], np.float32)
    jpeg = io.BytesIO()
    Image.new("RGB", (8, 8)).save(jpeg, "JPEG")
    usdz.write(tmp_path / "m.usdz", positions, positions, uv, np.array([[0, 1, 2]], np.int32), Finish(jpeg.getvalue()))
    stage = Usd.Stage.Open(str(tmp_path / "m.usdz"))
    found = np.array(UsdGeom.PrimvarsAPI(usd_mesh(stage)).GetPrimvar("st").Get())
    assert np.allclose(found, [[0.0, 1.0], [0.5, 0.75], [1.0, 0.0]])
