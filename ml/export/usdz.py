"""USDZ: a textured model for the AR view of iPhones and iPads (OpenUSD's package format, root layer first)."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pxr import Gf, Kind, Sdf, Usd, UsdGeom, UsdShade, Vt

from ml.export import reproducible_zip
from ml.export.model import Finish

LAYER, TEXTURE, NORMALS = "model.usdc", "textures/model.jpg", "textures/normals.jpg"
ALIGNMENT = 64
"""The data of every part starts at a multiple of this many bytes, so that it can be memory-mapped."""
ROOT = "/model"


def write(
    path: Path,
    positions: NDArray[np.float32],
    normals: NDArray[np.float32],
    uv: NDArray[np.float32],
    faces: NDArray[np.int32],
    finish: Finish,
) -> None:
    """Write a mesh: positions (V, 3) in metres, y up, normals (V, 3), uv (V, 2) from the top left, faces (F, 3)."""
    with tempfile.TemporaryDirectory() as folder:
        layer = Path(folder) / LAYER
        _save_layer(layer, positions, normals, uv, faces, finish)
        data = layer.read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        reproducible_zip.add(archive, LAYER, data, aligned=ALIGNMENT)
        reproducible_zip.add(archive, TEXTURE, finish.jpeg, aligned=ALIGNMENT)
        if finish.normals_jpeg is not None:
            reproducible_zip.add(archive, NORMALS, finish.normals_jpeg, aligned=ALIGNMENT)


def _save_layer(
    path: Path,
    positions: NDArray[np.float32],
    normals: NDArray[np.float32],
    uv: NDArray[np.float32],
    faces: NDArray[np.int32],
    finish: Finish,
) -> None:
    stage = Usd.Stage.CreateNew(str(path))
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.y)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    root = UsdGeom.Xform.Define(stage, ROOT).GetPrim()
    Usd.ModelAPI(root).SetKind(Kind.Tokens.component)
    stage.SetDefaultPrim(root)
    mesh = _mesh(stage, positions, normals, faces)
    upwards = np.ascontiguousarray(np.stack([uv[:, 0], 1.0 - uv[:, 1]], axis=1), dtype=np.float32)
    coordinates = UsdGeom.PrimvarsAPI(mesh).CreatePrimvar(
        "st", Sdf.ValueTypeNames.TexCoord2fArray, UsdGeom.Tokens.vertex
    )
    coordinates.Set(Vt.Vec2fArray.FromNumpy(upwards))
    UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim()).Bind(_material(stage, finish))
    stage.Save()


def _mesh(stage: Any, positions: NDArray[np.float32], normals: NDArray[np.float32], faces: NDArray[np.int32]) -> Any:
    """The triangles as they are: no subdivision, counter-clockwise from outside."""
    mesh = UsdGeom.Mesh.Define(stage, f"{ROOT}/mesh")
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateDoubleSidedAttr(False)
    mesh.CreatePointsAttr(Vt.Vec3fArray.FromNumpy(positions))
    mesh.CreateExtentAttr([Gf.Vec3f(*map(float, positions.min(axis=0))), Gf.Vec3f(*map(float, positions.max(axis=0)))])
    mesh.CreateNormalsAttr(Vt.Vec3fArray.FromNumpy(normals))
    mesh.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    mesh.CreateFaceVertexCountsAttr(Vt.IntArray.FromNumpy(np.full(len(faces), 3, np.int32)))
    mesh.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(np.ascontiguousarray(faces.ravel())))
    return mesh


def _material(stage: Any, finish: Finish) -> Any:
    """A surface that is no metal, whose colour is the texture's, and whose normals are those of the normal map."""
    material = UsdShade.Material.Define(stage, f"{ROOT}/surface")
    reader = _shader(stage, "place", "UsdPrimvarReader_float2", {"varname": (Sdf.ValueTypeNames.String, "st")})
    picture = _picture(stage, "picture", TEXTURE, "sRGB", reader)
    values = {"metallic": (Sdf.ValueTypeNames.Float, 0.0), "roughness": (Sdf.ValueTypeNames.Float, finish.roughness)}
    surface = _shader(stage, "preview", "UsdPreviewSurface", values)
    _connect(picture, "rgb", Sdf.ValueTypeNames.Color3f, surface, "diffuseColor")
    if finish.normals_jpeg is not None:
        normals = _picture(stage, "normals", NORMALS, "raw", reader)
        normals.CreateInput("scale", Sdf.ValueTypeNames.Float4).Set(Gf.Vec4f(2.0, 2.0, 2.0, 1.0))
        normals.CreateInput("bias", Sdf.ValueTypeNames.Float4).Set(Gf.Vec4f(-1.0, -1.0, -1.0, 0.0))
        _connect(normals, "rgb", Sdf.ValueTypeNames.Normal3f, surface, "normal")
    material.CreateSurfaceOutput().ConnectToSource(surface.ConnectableAPI(), "surface")
    return material


def _picture(stage: Any, name: str, path: str, color_space: str, reader: Any) -> Any:
    inputs = {
        "file": (Sdf.ValueTypeNames.Asset, Sdf.AssetPath(path)),
        "sourceColorSpace": (Sdf.ValueTypeNames.Token, color_space),
        "wrapS": (Sdf.ValueTypeNames.Token, "clamp"),
        "wrapT": (Sdf.ValueTypeNames.Token, "clamp"),
    }
    picture = _shader(stage, name, "UsdUVTexture", inputs)
    _connect(reader, "result", Sdf.ValueTypeNames.Float2, picture, "st")
    return picture


def _shader(stage: Any, name: str, kind: str, inputs: dict[str, tuple[Any, Any]]) -> Any:
    shader = UsdShade.Shader.Define(stage, f"{ROOT}/surface/{name}")
    shader.CreateIdAttr(kind)
    for input_name, (type_name, value) in inputs.items():
        shader.CreateInput(input_name, type_name).Set(value)
    return shader


def _connect(source: Any, output: str, type_name: Any, target: Any, name: str) -> None:
    source.CreateOutput(output, type_name)
    target.CreateInput(name, type_name).ConnectToSource(source.ConnectableAPI(), output)
