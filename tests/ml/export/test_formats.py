"""PLY, 3MF and USDZ read back by other people's readers: the toy's landmarks are at their places in their colours."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from pxr import Sdf, Usd, UsdGeom, UsdShade, UsdValidation

from ml import files
from ml.export import write
from ml.mesh.geometry import is_closed_manifold
from ml.recipe import FORMATS, Recipe
from ml.texture.bake import TexturedMesh
from tests.ml.landmarks import HEIGHT_MM, LANDMARKS, TOY_RECIPE, loaded, nearest, y_up

lib3mf = pytest.importorskip("lib3mf", reason="lib3mf has no build for this machine")

OF_FORMAT = {
    "glb": {files.GLB},
    "obj": {files.OBJ, files.MTL, files.TEXTURE},
    "stl": {files.STL},
    "ply": {files.PLY},
    "3mf": {files.THREEMF},
    "usdz": {files.USDZ},
}


@pytest.mark.parametrize("wanted", FORMATS)
def test_only_the_chosen_format_and_the_glb_are_written(toy: TexturedMesh, tmp_path: Path, wanted: str) -> None:
    write.write(toy, tmp_path, Recipe(formats=(wanted,)))
    assert {each.name for each in tmp_path.iterdir()} == {files.GLB} | OF_FORMAT[wanted]


@pytest.mark.parametrize("landmark", LANDMARKS)
def test_the_ply_is_canonical_with_colours_at_its_vertices(toy_folder: Path, landmark: str) -> None:
    mesh = loaded(toy_folder / files.PLY)
    point, color = LANDMARKS[landmark]
    _, face, distance = nearest(mesh, np.array(point))
    assert distance < 0.01
    assert np.allclose(mesh.visual.vertex_colors[mesh.faces[face], :3].mean(axis=0) / 255.0, color, atol=0.06)


def test_the_ply_is_binary_closed_and_of_the_models_size(toy_folder: Path, toy: TexturedMesh) -> None:
    assert (toy_folder / files.PLY).read_bytes().startswith(b"ply\nformat binary_little_endian 1.0\n")
    mesh = loaded(toy_folder / files.PLY)
    assert is_closed_manifold(mesh.faces)
    assert mesh.volume > 0
    assert np.allclose(mesh.bounds, [toy.mesh.vertices.min(axis=0), toy.mesh.vertices.max(axis=0)], atol=1e-6)


@pytest.fixture(scope="module")
def printed(toy_folder: Path) -> trimesh.Trimesh:
    """The 3MF as the consortium's own library reads it."""
    model = lib3mf.Wrapper().CreateModel()
    reader = model.QueryReader("3mf")
    reader.SetStrictModeActive(True)
    reader.ReadFromFile(str(toy_folder / files.THREEMF))
    assert reader.GetWarningCount() == 0
    assert model.GetUnit() == lib3mf.ModelUnit.MilliMeter
    [item] = iterated(model.GetBuildItems())
    [solid] = iterated(model.GetMeshObjects())
    assert item.GetObjectResourceID() == solid.GetResourceID()
    assert solid.IsManifoldAndOriented()
    vertices = np.array([list(each.Coordinates) for each in solid.GetVertices()])
    faces = np.array([list(each.Indices) for each in solid.GetTriangleIndices()])
    [group] = iterated(model.GetColorGroups())
    palette = {each: color_of(group.GetColor(each)) for each in group.GetAllPropertyIDs()}
    corner = [[palette[each] for each in entry.PropertyIDs] for entry in solid.GetAllTriangleProperties()]
    return trimesh.Trimesh(vertices, faces, process=False, face_attributes={"corner": np.array(corner)})


def iterated(iterator: object) -> list[object]:
    found = []
    while iterator.MoveNext():  # type: ignore[attr-defined]
        current = (
            "GetCurrent" if hasattr(iterator, "GetCurrent") else next(n for n in dir(iterator) if "GetCurrent" in n)
        )
        found.append(getattr(iterator, current)())
    return found


def color_of(color: object) -> tuple[float, float, float]:
    return color.Red / 255.0, color.Green / 255.0, color.Blue / 255.0  # type: ignore[attr-defined]


@pytest.mark.parametrize("landmark", LANDMARKS)
def test_the_3mf_keeps_the_canonical_directions_and_colours(
    printed: trimesh.Trimesh, toy: TexturedMesh, landmark: str
) -> None:
    point, color = LANDMARKS[landmark]
    low, high = toy.mesh.vertices[:, 2].min(), toy.mesh.vertices[:, 2].max()
    _, face, distance = nearest(printed, (np.array(point) - (0, 0, low)) * (HEIGHT_MM / (high - low)))
    assert distance < 0.6
    assert np.allclose(printed.face_attributes["corner"][face].mean(axis=0), color, atol=0.06)


def test_the_3mf_stands_on_zero_in_millimetres(printed: trimesh.Trimesh) -> None:
    assert np.allclose(printed.bounds[:, 2], [0.0, HEIGHT_MM], atol=1e-3)
    assert printed.volume > 0


def test_trimesh_reads_the_3mf_too(toy_folder: Path, printed: trimesh.Trimesh) -> None:
    assert np.allclose(loaded(toy_folder / files.THREEMF).bounds, printed.bounds, atol=1e-4)


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
    original = toy.mesh.vertices[:, [1, 2, 0]]
    middle, low, high = (original.min(axis=0) + original.max(axis=0)) / 2, original.min(axis=0), original.max(axis=0)
    place = (y_up(point) - (middle[0], low[1], middle[2])) * (HEIGHT_MM / 1000.0 / (high[1] - low[1]))
    usd = usd_mesh(stage)
    faces = np.array(usd.GetFaceVertexIndicesAttr().Get()).reshape(-1, 3)
    mesh = trimesh.Trimesh(np.array(usd.GetPointsAttr().Get()), faces, process=False)
    near, face, distance = nearest(mesh, place)
    assert distance < 0.001
    weights = trimesh.triangles.points_to_barycentric(mesh.triangles[[face]], [near])[0]
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


def test_the_usd_normals_point_outwards(stage: Usd.Stage) -> None:
    usd = usd_mesh(stage)
    faces = np.array(usd.GetFaceVertexIndicesAttr().Get()).reshape(-1, 3)
    mesh = trimesh.Trimesh(np.array(usd.GetPointsAttr().Get()), faces, process=False)
    normals = np.array(usd.GetNormalsAttr().Get())[faces].mean(axis=1)
    assert (np.einsum("fc,fc->f", mesh.face_normals, normals) > 0).mean() > 0.99


def test_every_format_has_a_title_and_a_content_type() -> None:
    kinds = {each.name: each for each in files.FILES}
    for name in set.union(*OF_FORMAT.values()):
        assert kinds[name].download
        assert files.content_type(name) == kinds[name].content_type
    assert kinds[files.THREEMF].content_type == "model/3mf"
    assert kinds[files.USDZ].content_type == "model/vnd.usdz+zip"


def test_the_toy_recipe_asks_for_every_format() -> None:
    assert TOY_RECIPE.formats == tuple(OF_FORMAT)
