"""Files of the finished model in the formats of `ml.formats`, and the light preview.

`ExportModel.metres` and `ExportModel.millimetres` are the two frames of the files.
"""

from __future__ import annotations

from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import fast_simplification
import numpy as np
import trimesh
from PIL import Image

from ml import files
from ml.core import frames
from ml.core.images import Floats, to_linear
from ml.export import glb, threemf
from ml.export.model import ExportModel
from ml.export.text import lines
from ml.formats import FORMATS
from ml.mesh.geometry import drop_unused_vertices, vertex_normals, weld
from ml.mesh.mesh import Mesh
from ml.recipe import Recipe
from ml.texture.bake import TexturedMesh
from ml.texture.roughness import MATTE, to_exponent
from ml.texture.tangents import tangents

PREVIEW_FACES = 10_000
"""Triangles of the preview: a file of about 300 kB."""
PNG_COMPRESSION = 4
"""zlib level (0 to 9) of the OBJ's texture: faster than Pillow's 6, for a slightly larger file."""
SPECULAR = "0.04 0.04 0.04"
"""Reflection of a dielectric seen from the front, as glTF and UsdPreviewSurface have it."""
TITLE = "model"
"""Of the object and its material; a download has the model's name instead (`jobs.http.download_names`)."""


def preview_mesh(mesh: Mesh) -> Mesh:
    """The mesh with at most about `PREVIEW_FACES` triangles."""
    if len(mesh.faces) <= PREVIEW_FACES:
        return mesh
    vertices, faces = fast_simplification.simplify(mesh.vertices, mesh.faces, target_count=PREVIEW_FACES)
    vertices, faces = drop_unused_vertices(vertices, faces)
    return Mesh(vertices, faces, vertex_normals(vertices, faces))


def preview(mesh: Mesh, colors: Floats, path: Path) -> None:
    """Write a light GLB with sRGB colours (V, 3) in [0, 1] at its vertices."""
    glb.colored(path, frames.to_y_up(mesh.vertices), frames.to_y_up(mesh.normals), to_linear(colors), mesh.faces)


def write(textured: TexturedMesh, out_dir: Path, recipe: Recipe, extras: dict[str, Any] | None = None) -> None:
    """Write the model into `out_dir` in the recipe's formats, and in those that are always written.

    `extras` goes into the GLB's `asset.extras`. The same model and recipe give the same bytes.
    """
    placement = frames.place(textured.mesh.vertices, recipe.height_mm, recipe.size_axis)
    model = ExportModel(textured, placement, extras or {})
    for name, file_format in FORMATS.items():
        if file_format.always or name in recipe.formats:
            resolve_name(file_format.writer)(model, out_dir)


def write_glb(model: ExportModel, out_dir: Path) -> None:
    """One file with its texture as JPEG."""
    mesh, textured = model.mesh, model.textured
    positions, normals = model.metres(mesh.vertices), frames.to_y_up(mesh.normals)
    path, seen = out_dir / files.GLB, textured.observed
    along = None if textured.normal_map is None else _tangents_y_up(textured)
    glb.textured(path, positions, normals, textured.uv, mesh.faces, model.finish, seen, model.extras, along)


def _tangents_y_up(textured: TexturedMesh) -> Floats:
    found = tangents(textured.mesh, textured.uv)
    return np.concatenate([frames.to_y_up(found[:, :3]), found[:, 3:]], axis=1)


def write_ply(model: ExportModel, out_dir: Path) -> None:
    """Binary PLY with vertex colours."""
    closed = model.closed
    mesh = trimesh.Trimesh(model.millimetres(closed.vertices), closed.faces, vertex_colors=closed.colors, process=False)
    mesh.export(out_dir / files.PLY, file_type="ply")


def write_3mf(model: ExportModel, out_dir: Path) -> None:
    """3MF with vertex colours."""
    closed = model.closed
    vertices = model.millimetres(closed.vertices)
    threemf.write(out_dir / files.THREEMF, vertices, closed.colors, closed.faces, TITLE)


def write_usdz(model: ExportModel, out_dir: Path) -> None:
    """USDZ with its texture as JPEG."""
    from ml.export import usdz  # OpenUSD takes 0.2 s and 60 MB to load: only where a recipe asks for it

    mesh, textured = model.mesh, model.textured
    positions, normals = model.metres(mesh.vertices), frames.to_y_up(mesh.normals)
    usdz.write(out_dir / files.USDZ, positions, normals, textured.uv, mesh.faces, model.finish)


def write_stl(model: ExportModel, out_dir: Path) -> None:
    """Binary STL."""
    vertices = model.millimetres(model.mesh.vertices)
    trimesh.Trimesh(vertices, model.mesh.faces, process=False).export(out_dir / files.STL, file_type="stl")


def write_obj(model: ExportModel, out_dir: Path) -> None:
    """OBJ with its MTL and PNG.

    Positions are merged across seams and only `vt` and `vn` are split, so that editors see a closed mesh; trimesh's own
    exporter would write the split one.
    """
    textured, mesh = model.textured, model.mesh
    Image.fromarray(textured.texture).save(out_dir / files.TEXTURE, compress_level=PNG_COMPRESSION)
    first, merged = weld(mesh.vertices)
    uv = np.stack([textured.uv[:, 0], 1.0 - textured.uv[:, 1]], axis=1)
    corner = np.stack([merged[mesh.faces], mesh.faces, mesh.faces], axis=2) + 1
    text = [
        f"# Reconsite\nmtllib {files.MTL}\no {TITLE}\nusemtl {TITLE}\ns 1\n",
        lines("v %.7f %.7f %.7f\n", model.metres(mesh.vertices[first])),
        lines("vt %.6f %.6f\n", uv),
        lines("vn %.4f %.4f %.4f\n", frames.to_y_up(mesh.normals)),
        lines("f %d/%d/%d %d/%d/%d %d/%d/%d\n", corner.reshape(-1, 9)),
    ]
    (out_dir / files.OBJ).write_text("".join(text))
    shine = _shine(textured.roughness)
    (out_dir / files.MTL).write_text(f"# Reconsite\nnewmtl {TITLE}\n{shine}\nmap_Kd {files.TEXTURE}\n")


def _shine(roughness: float) -> str:
    """The MTL's lines on reflection: Phong's, and where there are highlights the roughness of its PBR extension."""
    if roughness >= MATTE:
        return "Ka 0 0 0\nKd 1 1 1\nKs 0 0 0\nNs 0\nd 1\nillum 1"
    return f"Ka 0 0 0\nKd 1 1 1\nKs {SPECULAR}\nNs {to_exponent(roughness):.1f}\nd 1\nillum 2\nPr {roughness:.3f}\nPm 0"
