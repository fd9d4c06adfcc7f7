"""Runs inside Blender's Python: imports each file named on the command line and prints how it stands, as JSON.

For each file: `low` and `high`, the bounds in Blender's frame (z up, front -y), and `front`, the vertex that is
farthest to the front.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import bpy  # type: ignore[import-not-found]  # only in Blender
import numpy as np

IMPORT = {
    ".obj": "wm.obj_import",
    ".glb": "import_scene.gltf",
    ".ply": "wm.ply_import",
    ".stl": "wm.stl_import",
    ".usdz": "wm.usd_import",
}


def imported(path: str) -> dict[str, list[float]]:
    """How the file stands in an empty scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    group, name = IMPORT[Path(path).suffix].split(".")
    getattr(getattr(bpy.ops, group), name)(filepath=path)
    points = np.concatenate([_points(entry) for entry in bpy.data.objects if entry.type == "MESH"])
    front = points[points[:, 1].argmin()]
    return {"low": points.min(axis=0).tolist(), "high": points.max(axis=0).tolist(), "front": front.tolist()}


def _points(entry: Any) -> np.ndarray:
    return np.array([entry.matrix_world @ vertex.co for vertex in entry.data.vertices])


if __name__ == "__main__":
    paths = sys.argv[1 + (sys.argv.index("--") if "--" in sys.argv else 0) :]
    print("RESULT" + json.dumps({Path(path).name: imported(path) for path in paths}))
