"""Files of the finished model: GLB, OBJ, STL, PLY, 3MF, USDZ, and the light preview."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fast_simplification
import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image

from ml import files
from ml.core import frames
from ml.core.images import bilinear, to_linear
from ml.export import glb, threemf, usdz
from ml.export.text import lines
from ml.mesh.geometry import drop_unused_vertices, face_areas_and_normals, vertex_normals, weld
from ml.mesh.mesh import Mesh
from ml.recipe import Recipe
from ml.scene.protocol import Scene
from ml.scene.query import scene_colors
from ml.texture.bake import TexturedMesh

PREVIEW_FACES = 10_000
JPEG_QUALITY = 90
COMPRESSION = 4
MATERIAL = "surface"
TITLE = "model"


def preview(mesh: Mesh, scene: Scene, path: Path) -> None:
    """Write a light GLB (at most about `PREVIEW_FACES` triangles) with the scene's colours at its vertices."""
    vertices, faces = mesh.vertices, mesh.faces
    if len(faces) > PREVIEW_FACES:
        vertices, faces = fast_simplification.simplify(vertices, faces, target_count=PREVIEW_FACES)
        vertices, faces = drop_unused_vertices(vertices, faces)
    colors = to_linear(scene_colors(scene, vertices))
    glb.colored(path, frames.to_y_up(vertices), frames.to_y_up(vertex_normals(vertices, faces)), colors, faces)


def write(model: TexturedMesh, out_dir: Path, recipe: Recipe, extras: dict[str, Any] | None = None) -> None:
    """Write the model into `out_dir` in the recipe's formats; GLB always, for it is what the site shows.

    `extras` goes into the GLB's `asset.extras`. The same model and recipe give the same bytes.
    """
    jpeg, solid = _jpeg(model), _solid(model)
    write_glb(model, out_dir / files.GLB, jpeg, extras)
    writers: dict[str, Callable[[], None]] = {
        "obj": lambda: write_obj(model, out_dir),
        "stl": lambda: write_stl(model.mesh, out_dir / files.STL, recipe.height_mm),
        "ply": lambda: write_ply(solid, out_dir / files.PLY),
        "3mf": lambda: write_3mf(solid, out_dir / files.THREEMF, recipe.height_mm),
        "usdz": lambda: write_usdz(model, out_dir / files.USDZ, jpeg, recipe.height_mm),
    }
    for name in recipe.formats:
        if name in writers:
            writers[name]()


@dataclass(frozen=True)
class _Solid:
    """The model closed again: `vertices` (V, 3) canonical, one for each place, `colors` (V, 3) uint8 sRGB, `faces`."""

    vertices: NDArray[np.float32]
    colors: NDArray[np.uint8]
    faces: NDArray[np.int32]


def _solid(model: TexturedMesh) -> _Solid:
    """A place takes the mean of the texture's colours on both sides of its seam."""
    first, place_of = weld(model.mesh.vertices)
    texel = model.uv * model.texture.shape[0] - 0.5
    found = bilinear(model.texture, texel[:, 0], texel[:, 1])
    count = np.bincount(place_of, minlength=len(first))
    summed = [np.bincount(place_of, found[:, channel], len(first)) for channel in range(3)]
    colors = (np.stack(summed, axis=1) / count[:, None]).round().clip(0, 255).astype(np.uint8)
    return _Solid(model.mesh.vertices[first], colors, place_of[model.mesh.faces].astype(np.int32))


def _jpeg(model: TexturedMesh) -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(model.texture).save(encoded, "JPEG", quality=JPEG_QUALITY, subsampling=0, optimize=True)
    return encoded.getvalue()


def write_glb(model: TexturedMesh, path: Path, jpeg: bytes, extras: dict[str, Any] | None) -> None:
    """One file with its texture as JPEG; y up, photo's side +z, one scene unit a metre. `_SEEN` is `model.seen`."""
    positions, normals = frames.to_y_up(model.mesh.vertices), frames.to_y_up(model.mesh.normals)
    glb.textured(path, positions, normals, model.uv, model.mesh.faces, jpeg, model.seen, extras)


def write_ply(solid: _Solid, path: Path) -> None:
    """Binary PLY with vertex colours in the canonical frame: z up, photo's side +x, scene units."""
    mesh = trimesh.Trimesh(solid.vertices, solid.faces, vertex_colors=solid.colors, process=False)
    mesh.export(path, file_type="ply")


def write_3mf(solid: _Solid, path: Path, height_mm: float) -> None:
    """3MF with vertex colours in millimetres, z up, standing on z = 0."""
    threemf.write(path, frames.to_print_bed(solid.vertices, height_mm), solid.colors, solid.faces, TITLE)


def write_usdz(model: TexturedMesh, path: Path, jpeg: bytes, height_mm: float) -> None:
    """USDZ at its true height in metres: y up, standing on y = 0, photo's side +z."""
    positions = frames.to_floor(frames.to_y_up(model.mesh.vertices), height_mm / 1000.0)
    usdz.write(path, positions, frames.to_y_up(model.mesh.normals), model.uv, model.mesh.faces, jpeg)


def write_stl(mesh: Mesh, path: Path, height_mm: float) -> None:
    """Binary STL in millimetres, z up, standing on z = 0."""
    vertices = frames.to_print_bed(mesh.vertices, height_mm)
    record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    triangles = np.zeros(len(mesh.faces), record)
    triangles["normal"] = face_areas_and_normals(vertices, mesh.faces)[1]
    triangles["corners"] = vertices[mesh.faces]
    header = b"Reconsite, millimetres, z up".ljust(80)
    path.write_bytes(header + np.uint32(len(triangles)).tobytes() + triangles.tobytes())


def write_obj(model: TexturedMesh, out_dir: Path) -> None:
    """OBJ with its MTL and PNG; y up, photo's side +z. Only texture and normals are cut: a place is one `v`: closed."""
    Image.fromarray(model.texture).save(out_dir / files.TEXTURE, compress_level=COMPRESSION)
    first, place_of = weld(model.mesh.vertices)
    uv = np.stack([model.uv[:, 0], 1.0 - model.uv[:, 1]], axis=1)
    corner = np.stack([place_of[model.mesh.faces], model.mesh.faces, model.mesh.faces], axis=2) + 1
    text = [
        f"# Reconsite\nmtllib {files.MTL}\no model\n",
        lines("v %.6f %.6f %.6f\n", frames.to_y_up(model.mesh.vertices[first])),
        lines("vt %.6f %.6f\n", uv),
        lines("vn %.4f %.4f %.4f\n", frames.to_y_up(model.mesh.normals)),
        f"usemtl {MATERIAL}\ns 1\n",
        lines("f %d/%d/%d %d/%d/%d %d/%d/%d\n", corner.reshape(-1, 9)),
    ]
    (out_dir / files.OBJ).write_text("".join(text))
    shine = "Ka 0 0 0\nKd 1 1 1\nKs 0 0 0\nNs 0\nd 1\nillum 1"
    (out_dir / files.MTL).write_text(f"# Reconsite\nnewmtl {MATERIAL}\n{shine}\nmap_Kd {files.TEXTURE}\n")
