"""The names of a result's files: a contract with the site, the API, the mobile app and the docs."""

from __future__ import annotations

from dataclasses import dataclass

from ml.recipe import MAX_PHOTOS


@dataclass(frozen=True)
class ResultFile:
    """One kind of file. `download` says that it is offered in the download menu."""

    name: str
    content_type: str
    title: str
    download: bool = False


NAME_PATTERN = r"[a-z0-9_]+\.[a-z0-9]+"
"""Every name of a result file has this form."""

INPUT = "input.png"
CUTOUT = "cutout.png"
CUTOUTS = (CUTOUT, *(f"cutout_{number}.png" for number in range(1, MAX_PHOTOS)))
"""The cutout of each photo, the main one first."""
OBJ = "mesh.obj"
MTL = "mesh.mtl"
TEXTURE = "mesh_texture.png"
STL = "mesh.stl"
PLY = "mesh.ply"
THREEMF = "mesh.3mf"
USDZ = "mesh.usdz"
GLB = "mesh.glb"
PREVIEW = "preview.glb"
VIDEO = "render.mp4"
POSTER = "poster.webp"
SPRITE = "sprite.webp"
SCENE = "scene.npz"
REPORT = "report.json"

FILES: tuple[ResultFile, ...] = (
    ResultFile(GLB, "model/gltf-binary", "GLB: one file with its texture, for the web, games and AR", True),
    ResultFile(OBJ, "model/obj", "OBJ: the mesh, for Blender and other editors", True),
    ResultFile(MTL, "model/mtl", "MTL: the material that belongs to the OBJ", True),
    ResultFile(TEXTURE, "image/png", "PNG: the texture that belongs to the OBJ", True),
    ResultFile(STL, "model/stl", "STL: millimetres, for 3D printing", True),
    ResultFile(THREEMF, "model/3mf", "3MF: millimetres and colours, for 3D printing", True),
    ResultFile(PLY, "model/ply", "PLY: the mesh with a colour at each vertex, for MeshLab and CloudCompare", True),
    ResultFile(USDZ, "model/vnd.usdz+zip", "USDZ: at its true size in a room, for AR on iPhone and iPad", True),
    ResultFile(VIDEO, "video/mp4", "MP4: one full turn", True),
    ResultFile(INPUT, "image/png", "What the network saw"),
    ResultFile(CUTOUT, "image/png", "The object without its background"),
    ResultFile(PREVIEW, "model/gltf-binary", "A light preview with vertex colours"),
    ResultFile(POSTER, "image/webp", "The poster"),
    ResultFile(SPRITE, "image/webp", "Twelve frames of the turn in one picture"),
    ResultFile(SCENE, "application/octet-stream", "The scene, to mesh again without the network"),
    ResultFile(REPORT, "application/json", "Recipe, timings and checks"),
)


def frame_name(index: int) -> str:
    """File name of turntable frame `index` (0-based)."""
    return f"render_{index:03d}.png"


def content_type(name: str) -> str:
    """Content type of a result file; frames and cutouts are PNG. Raises KeyError for a name outside the contract."""
    if name in CUTOUTS or (name.startswith("render_") and name.endswith(".png")):
        return "image/png"
    return {each.name: each.content_type for each in FILES}[name]
