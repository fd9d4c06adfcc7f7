"""What a GLB holds, read without trimesh, which converts colours."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np


def gltf_of(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    magic, version, length, text_length, kind = struct.unpack("<IIIII", data[:20])
    assert (magic, version, length, kind) == (0x46546C67, 2, len(data), 0x4E4F534A)
    document: dict[str, Any] = json.loads(data[20 : 20 + text_length])
    return document


def stored_colors(path: Path) -> np.ndarray:
    """COLOR_0 as the file holds it."""
    gltf, data = gltf_of(path), path.read_bytes()
    accessor = gltf["accessors"][gltf["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"]]
    view = gltf["bufferViews"][accessor["bufferView"]]
    start = 20 + struct.unpack("<I", data[12:16])[0] + 8 + view["byteOffset"]
    levels = np.frombuffer(data[start : start + view["byteLength"]], np.uint16).reshape(-1, 4)
    assert accessor["normalized"] is True
    return levels[:, :3] / 65535.0
