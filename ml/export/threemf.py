"""3MF: a printable mesh in millimetres with colours (3MF core specification 1.3 and its materials extension)."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.export import reproducible_zip
from ml.export.text import lines

MODEL = "3D/3dmodel.model"
CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
MATERIALS = "http://schemas.microsoft.com/3dmanufacturing/material/2015/02"
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
CONTENT_TYPES = (
    f'{XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)
RELATIONS = (
    f'{XML}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="model" Target="/{MODEL}"'
    ' Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>'
)


def write(
    path: Path, vertices: NDArray[np.float32], colors: NDArray[np.uint8], faces: NDArray[np.int32], title: str
) -> None:
    """Write one closed mesh: `vertices` (V, 3) in millimetres, z up; `colors` (V, 3) sRGB; `faces` (F, 3)."""
    with zipfile.ZipFile(path, "w", compresslevel=6) as archive:
        reproducible_zip.add(archive, "[Content_Types].xml", CONTENT_TYPES.encode())
        reproducible_zip.add(archive, "_rels/.rels", RELATIONS.encode())
        reproducible_zip.add(archive, MODEL, _model(vertices, colors, faces, title).encode())


def _model(vertices: NDArray[np.float32], colors: NDArray[np.uint8], faces: NDArray[np.int32], title: str) -> str:
    palette, color_of = np.unique(colors, axis=0, return_inverse=True)
    corner = color_of.reshape(-1)[faces]
    triangle = '<triangle v1="%d" v2="%d" v3="%d" pid="2" p1="%d" p2="%d" p3="%d"/>\n'
    parts = [
        f'{XML}<model unit="millimeter" xml:lang="en" xmlns="{CORE}" xmlns:m="{MATERIALS}">\n',
        f'<metadata name="Title">{title}</metadata>\n<metadata name="Application">Reconsite</metadata>\n',
        '<resources>\n<m:colorgroup id="2">\n',
        lines('<m:color color="#%02X%02X%02X"/>\n', palette),
        f'</m:colorgroup>\n<object id="1" type="model" name="{title}" pid="2" pindex="0">\n<mesh>\n<vertices>\n',
        lines('<vertex x="%.5f" y="%.5f" z="%.5f"/>\n', vertices),
        "</vertices>\n<triangles>\n",
        lines(triangle, _side_by_side(faces, corner)),
        '</triangles>\n</mesh>\n</object>\n</resources>\n<build>\n<item objectid="1"/>\n</build>\n</model>\n',
    ]
    return "".join(parts)


def _side_by_side(faces: NDArray[Any], corner: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([faces, corner], axis=1)
