"""The one registry of file formats: their files, and who writes them. The web process reads it, so a writer is named as
`module:name` and imported on first use (`docs/extending.md` shows how to add a format)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ResultFile:
    """One file of a result. `download`: it is offered in the download menu, titled `LABEL: purpose`."""

    name: str
    content_type: str
    title: str
    download: bool = False


@dataclass(frozen=True)
class FileFormat:
    """A format that a recipe can ask for.

    `writer(model: ml.export.model.ExportModel, out_dir: Path) -> None` writes all of its `files`; the same model gives
    the same bytes. `always`: written even if the recipe does not ask for it.
    """

    files: tuple[ResultFile, ...]
    writer: str
    always: bool = False


GLB = "mesh.glb"
OBJ = "mesh.obj"
MTL = "mesh.mtl"
TEXTURE = "mesh_texture.png"
STL = "mesh.stl"
PLY = "mesh.ply"
THREEMF = "mesh.3mf"
USDZ = "mesh.usdz"


def _download(name: str, content_type: str, title: str) -> ResultFile:
    return ResultFile(name, content_type, title, download=True)


FORMATS: dict[str, FileFormat] = {
    "glb": FileFormat(
        (_download(GLB, "model/gltf-binary", "GLB: one file with its texture, for the web, games and AR"),),
        "ml.export.write:write_glb",
        always=True,  # the site's viewer shows it
    ),
    "obj": FileFormat(
        (
            _download(OBJ, "model/obj", "OBJ: the mesh, for Blender and other editors"),
            _download(MTL, "model/mtl", "MTL: the material of the OBJ"),
            _download(TEXTURE, "image/png", "PNG: the texture of the OBJ"),
        ),
        "ml.export.write:write_obj",
    ),
    "stl": FileFormat(
        (_download(STL, "model/stl", "STL: in millimetres, for 3D printing"),),
        "ml.export.write:write_stl",
    ),
    "ply": FileFormat(
        (_download(PLY, "model/ply", "PLY: the mesh with vertex colours, for MeshLab and CloudCompare"),),
        "ml.export.write:write_ply",
    ),
    "3mf": FileFormat(
        (_download(THREEMF, "model/3mf", "3MF: in millimetres with colours, for 3D printing"),),
        "ml.export.write:write_3mf",
    ),
    "usdz": FileFormat(
        (_download(USDZ, "model/vnd.usdz+zip", "USDZ: in real size, for AR on iPhone and iPad"),),
        "ml.export.write:write_usdz",
    ),
}


def format_names() -> tuple[str, ...]:
    """What a recipe may ask for, in the order of the registry."""
    return tuple(FORMATS)


def format_choices() -> list[tuple[str, str]]:
    """Name and label of every format, for a form."""
    return [(name, name.upper()) for name in FORMATS]


def files_of_formats() -> list[ResultFile]:
    """The files of every format, in the order of the registry."""
    return [file for file_format in FORMATS.values() for file in file_format.files]
