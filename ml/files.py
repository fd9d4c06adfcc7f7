"""The names of a result's files: a contract with the site, the API, the mobile app and the docs.

Files of the formats come from `ml.formats`; those that every result has are listed here.
"""

from __future__ import annotations

# Re-exported, so that every file name is found in one place.
from ml.formats import GLB as GLB
from ml.formats import MTL as MTL
from ml.formats import OBJ as OBJ
from ml.formats import PLY as PLY
from ml.formats import STL as STL
from ml.formats import TEXTURE as TEXTURE
from ml.formats import THREEMF as THREEMF
from ml.formats import USDZ as USDZ
from ml.formats import ResultFile as ResultFile
from ml.formats import files_of_formats
from ml.recipe import MAX_PHOTOS

NAME_PATTERN = r"[a-z0-9_]+\.[a-z0-9]+"
"""Regular expression that the name of every result file matches."""

INPUT = "input.png"
CUTOUT = "cutout.png"
CUTOUTS = (CUTOUT, *(f"cutout_{number}.png" for number in range(1, MAX_PHOTOS)))
"""The cutout of each photo, the main one first."""
PREVIEW = "preview.glb"
VIDEO = "render.mp4"
POSTER = "poster.webp"
SPRITE = "sprite.webp"
SCENE = "scene.npz"
REPORT = "report.json"

_OF_EVERY_RESULT = (
    ResultFile(VIDEO, "video/mp4", "MP4: turntable video", download=True),
    ResultFile(INPUT, "image/png", "The photo as the network sees it"),
    ResultFile(CUTOUT, "image/png", "The object without its background"),
    ResultFile(PREVIEW, "model/gltf-binary", "A light preview with vertex colours"),
    ResultFile(POSTER, "image/webp", "The poster"),
    ResultFile(SPRITE, "image/webp", "Twelve turntable frames in one image"),
    ResultFile(SCENE, "application/octet-stream", "The scene, from which a remix starts"),
    ResultFile(REPORT, "application/json", "Recipe, timings and checks"),
)


def result_files() -> tuple[ResultFile, ...]:
    """Every kind of file that a result can have, apart from frames and the cutouts of further photos."""
    return (*files_of_formats(), *_OF_EVERY_RESULT)


def frame_name(index: int) -> str:
    """File name of turntable frame `index` (0-based)."""
    return f"render_{index:03d}.png"


def content_type(name: str) -> str:
    """Content type of a result file; frames and cutouts are PNG. Raises KeyError for a name outside the contract."""
    if name in CUTOUTS or (name.startswith("render_") and name.endswith(".png")):
        return "image/png"
    return {file.name: file.content_type for file in result_files()}[name]
