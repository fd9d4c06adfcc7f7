"""Files of the finished model: OBJ, STL, GLB, and the light preview."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import fast_simplification
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml import axes, files, glb
from ml.geometry import face_areas_and_normals, vertex_normals, welded, without_unused_vertices
from ml.mesh import Mesh
from ml.sampling import to_linear
from ml.scene import Scene
from ml.texture import TexturedMesh, scene_colors

PREVIEW_FACES = 10_000
JPEG_QUALITY = 90
COMPRESSION = 4
MATERIAL = "surface"


def preview(mesh: Mesh, scene: Scene, path: Path) -> None:
    """Write a light GLB (at most about `PREVIEW_FACES` triangles) with the scene's colours at its vertices."""
    vertices, faces = mesh.vertices, mesh.faces
    if len(faces) > PREVIEW_FACES:
        vertices, faces = fast_simplification.simplify(vertices, faces, target_count=PREVIEW_FACES)
        vertices, faces = without_unused_vertices(vertices, faces)
    colors = to_linear(scene_colors(scene, vertices))
    glb.colored(path, axes.y_up(vertices), axes.y_up(vertex_normals(vertices, faces)), colors, faces)


def write(model: TexturedMesh, out_dir: Path, height_mm: float) -> None:
    """Write the model's OBJ with its MTL and PNG, STL and GLB into `out_dir`."""
    Image.fromarray(model.texture).save(out_dir / files.TEXTURE, compress_level=COMPRESSION)
    write_obj(model, out_dir)
    write_stl(model.mesh, out_dir / files.STL, height_mm)
    write_glb(model, out_dir / files.GLB)


def write_glb(model: TexturedMesh, path: Path) -> None:
    """One file with its texture as JPEG; y up, photo's side +z, one scene unit a metre."""
    jpeg = io.BytesIO()
    Image.fromarray(model.texture).save(jpeg, "JPEG", quality=JPEG_QUALITY, subsampling=0, optimize=True)
    positions, normals = axes.y_up(model.mesh.vertices), axes.y_up(model.mesh.normals)
    glb.textured(path, positions, normals, model.uv, model.mesh.faces, jpeg.getvalue())


def write_stl(mesh: Mesh, path: Path, height_mm: float) -> None:
    """Binary STL in millimetres, z up, standing on z = 0."""
    vertices = axes.print_bed(mesh.vertices, height_mm)
    record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    triangles = np.zeros(len(mesh.faces), record)
    triangles["normal"] = face_areas_and_normals(vertices, mesh.faces)[1]
    triangles["corners"] = vertices[mesh.faces]
    header = b"Reconsite, millimetres, z up".ljust(80)
    path.write_bytes(header + np.uint32(len(triangles)).tobytes() + triangles.tobytes())


def write_obj(model: TexturedMesh, out_dir: Path) -> None:
    """OBJ with its MTL; y up, photo's side +z. Only texture and normals are cut: a place is one `v`: closed."""
    first, place_of = welded(model.mesh.vertices)
    uv = np.stack([model.uv[:, 0], 1.0 - model.uv[:, 1]], axis=1)
    corner = np.stack([place_of[model.mesh.faces], model.mesh.faces, model.mesh.faces], axis=2) + 1
    text = [
        f"# Reconsite\nmtllib {files.MTL}\no model\n",
        _lines("v %.6f %.6f %.6f\n", axes.y_up(model.mesh.vertices[first])),
        _lines("vt %.6f %.6f\n", uv),
        _lines("vn %.4f %.4f %.4f\n", axes.y_up(model.mesh.normals)),
        f"usemtl {MATERIAL}\ns 1\n",
        _lines("f %d/%d/%d %d/%d/%d %d/%d/%d\n", corner.reshape(-1, 9)),
    ]
    (out_dir / files.OBJ).write_text("".join(text))
    shine = "Ka 0 0 0\nKd 1 1 1\nKs 0 0 0\nNs 0\nd 1\nillum 1"
    (out_dir / files.MTL).write_text(f"# Reconsite\nnewmtl {MATERIAL}\n{shine}\nmap_Kd {files.TEXTURE}\n")


def _lines(form: str, rows: NDArray[Any]) -> str:
    return (form * len(rows)) % tuple(rows.ravel().tolist())
