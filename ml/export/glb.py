"""Binary glTF 2.0 (Khronos specification, chapters 3 and 4): one mesh, with a texture or with vertex colours.

Written here because trimesh's exporter has no samplers, `asset.extras` or 16-bit vertex colours, and decodes and
encodes the texture again.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.export.model import Finish
from ml.texture.roughness import MATTE

ASSET = {"version": "2.0", "generator": "Reconsite"}
FLOAT, UNSIGNED_SHORT, UNSIGNED_INT = 5126, 5123, 5125
"""Component types of glTF 2.0."""
VERTICES, INDICES = 34962, 34963
"""Targets of buffer views in glTF 2.0."""
CLAMP_TO_EDGE, LINEAR, LINEAR_MIPMAP_LINEAR = 33071, 9729, 9987
"""Codes of component types, buffer targets and sampler modes, as in OpenGL."""
MAGIC, JSON_CHUNK, BINARY_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
"""`glTF`, `JSON` and `BIN` in ASCII, little-endian."""
RESTART_INDEX = 65535
"""Not allowed as a 16-bit index: it is OpenGL's primitive restart."""
SHAPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}


@dataclass
class _Document:
    """The JSON part and the binary part under construction."""

    views: list[dict[str, Any]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)
    binary: bytearray = field(default_factory=bytearray)


def textured(
    path: Path,
    positions: NDArray[np.float32],
    normals: NDArray[np.float32],
    uv: NDArray[np.float32],
    faces: NDArray[np.int32],
    finish: Finish,
    seen: NDArray[np.float32],
    extras: dict[str, Any] | None = None,
    tangents: NDArray[np.float32] | None = None,
) -> None:
    """Write a textured mesh: positions, normals (V, 3) y up, uv (V, 2) from the top left, faces (F, 3).

    `seen` (V,) in [0, 1] becomes the attribute `_SEEN`; `extras` becomes `asset.extras`.
    `tangents` (V, 4), y up, belong to a normal map.
    """
    document = _Document()
    attributes = _surface(document, positions, normals)
    if tangents is not None:
        attributes["TANGENT"] = _accessor(document, tangents.astype(np.float32), FLOAT, VERTICES)
    attributes["TEXCOORD_0"] = _accessor(document, uv.astype(np.float32), FLOAT, VERTICES)
    attributes["_SEEN"] = _accessor(document, seen.astype(np.float32), FLOAT, VERTICES)
    pictures = [finish.jpeg] if finish.normals_jpeg is None else [finish.jpeg, finish.normals_jpeg]
    extra: dict[str, Any] = {
        "textures": [{"sampler": 0, "source": source} for source in range(len(pictures))],
        "samplers": [
            {"magFilter": LINEAR, "minFilter": LINEAR_MIPMAP_LINEAR, "wrapS": CLAMP_TO_EDGE, "wrapT": CLAMP_TO_EDGE}
        ],
        "images": [{"bufferView": _view(document, picture, None), "mimeType": "image/jpeg"} for picture in pictures],
    }
    if extras:
        extra["asset"] = ASSET | {"extras": extras}
    material = {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, **_dielectric(finish.roughness)}}
    if finish.normals_jpeg is not None:
        material["normalTexture"] = {"index": 1}
    _write(path, document, attributes, faces, material, extra)


def colored(
    path: Path,
    positions: NDArray[np.float32],
    normals: NDArray[np.float32],
    linear: NDArray[np.float32],
    faces: NDArray[np.int32],
) -> None:
    """Write a mesh with vertex colours (V, 3), linear light in [0, 1] as glTF has it."""
    document = _Document()
    attributes = _surface(document, positions, normals)
    rgba = np.concatenate([linear, np.ones((len(linear), 1), np.float32)], axis=1)
    levels = (rgba * 65535.0).round().clip(0, 65535).astype(np.uint16)
    attributes["COLOR_0"] = _accessor(document, levels, UNSIGNED_SHORT, VERTICES, normalized=True)
    _write(path, document, attributes, faces, {"pbrMetallicRoughness": _dielectric(MATTE)}, {})


def _dielectric(roughness: float) -> dict[str, Any]:
    return {"metallicFactor": 0.0, "roughnessFactor": round(roughness, 3)}


def _surface(document: _Document, positions: NDArray[np.float32], normals: NDArray[np.float32]) -> dict[str, int]:
    position = _accessor(document, positions.astype(np.float32), FLOAT, VERTICES)
    document.accessors[position]["min"] = [float(value) for value in positions.min(axis=0)]
    document.accessors[position]["max"] = [float(value) for value in positions.max(axis=0)]
    return {"POSITION": position, "NORMAL": _accessor(document, normals.astype(np.float32), FLOAT, VERTICES)}


def _accessor(document: _Document, values: NDArray[Any], kind: int, target: int, *, normalized: bool = False) -> int:
    width = values.shape[1] if values.ndim == 2 else 1
    entry: dict[str, Any] = {
        "bufferView": _view(document, np.ascontiguousarray(values).tobytes(), target),
        "componentType": kind,
        "count": len(values),
        "type": SHAPES[width],
    }
    if normalized:
        entry["normalized"] = True
    document.accessors.append(entry)
    return len(document.accessors) - 1


def _view(document: _Document, data: bytes, target: int | None) -> int:
    entry = {"buffer": 0, "byteOffset": len(document.binary), "byteLength": len(data)}
    if target is not None:
        entry["target"] = target
    document.binary += data + b"\0" * (-len(data) % 4)
    document.views.append(entry)
    return len(document.views) - 1


def _write(
    path: Path,
    document: _Document,
    attributes: dict[str, int],
    faces: NDArray[np.int32],
    material: dict[str, Any],
    extra: dict[str, Any],
) -> None:
    small = int(faces.max()) < RESTART_INDEX
    flat = faces.ravel().astype(np.uint16 if small else np.uint32)
    indices = _accessor(document, flat, UNSIGNED_SHORT if small else UNSIGNED_INT, INDICES)
    gltf = {
        "asset": ASSET,
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "model"}],
        "meshes": [{"name": "model", "primitives": [{"attributes": attributes, "indices": indices, "material": 0}]}],
        "materials": [{"name": "surface", "doubleSided": False, **material}],
        **extra,
        "accessors": document.accessors,
        "bufferViews": document.views,
        "buffers": [{"byteLength": len(document.binary)}],
    }
    path.write_bytes(_container(json.dumps(gltf, separators=(",", ":")).encode(), bytes(document.binary)))


def _container(text: bytes, binary: bytes) -> bytes:
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), JSON_CHUNK) + text + struct.pack("<II", len(binary), BINARY_CHUNK) + binary
    return struct.pack("<III", MAGIC, 2, 12 + len(chunks)) + chunks
