"""Landmarks on the toy's surface, and how to find them in a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh

from ml.recipe import Recipe
from tests.ml.scenes import BLUE, GREEN, RED, YELLOW

HEIGHT_MM = 80.0
TOY_RECIPE = Recipe(height_mm=HEIGHT_MM, size_axis="height")
EXTRAS = {"recipe": {"engine": "compact", "height_mm": HEIGHT_MM}}

LANDMARKS = {
    "nose": ((0.42, -0.20, -0.05), BLUE),
    "egg": ((0.0, 0.25, 0.46), GREEN),
    "mast": ((-0.28, -0.28, 0.50), YELLOW),
    "side": ((0.0, 0.42, -0.20), RED),
    "back": ((-0.30, 0.10, -0.20), RED),
}
"""Points on the surface in the canonical frame, and their colours."""


def y_up(point: tuple[float, float, float]) -> np.ndarray:
    """Photo's side +z, picture right +x, up +y: written out here, independent of the code under test."""
    towards_photo, right, up = point
    return np.array([right, up, towards_photo])


def in_mm(point: tuple[float, float, float], vertices: np.ndarray) -> tuple[float, float, float]:
    """Towards the photo, right and up in millimetres, from below the middle of the model with these vertices."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    origin = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    towards_photo, right, up = (np.array(point) - origin) * (HEIGHT_MM / (high[2] - low[2]))
    return towards_photo, right, up


def in_metres_y_up(point: tuple[float, float, float], vertices: np.ndarray) -> np.ndarray:
    """Where GLB, OBJ and USDZ have a canonical point."""
    return y_up(in_mm(point, vertices)) / 1000.0


def in_mm_z_up(point: tuple[float, float, float], vertices: np.ndarray) -> np.ndarray:
    """Where STL, 3MF and PLY have a canonical point: the photo's side is the front, -y."""
    towards_photo, right, up = in_mm(point, vertices)
    return np.array([right, -towards_photo, up])


def loaded(path: Path) -> trimesh.Trimesh:
    mesh = trimesh.load(path, force="mesh", process=False)
    assert isinstance(mesh, trimesh.Trimesh)
    return mesh


def nearest(mesh: trimesh.Trimesh, point: np.ndarray) -> tuple[np.ndarray, int, float]:
    """The nearest point on the surface, its triangle and its distance."""
    repeated = np.tile(point, (len(mesh.faces), 1))
    candidates = trimesh.triangles.closest_point(mesh.triangles, repeated)  # type: ignore[no-untyped-call]
    distances = np.linalg.norm(candidates - point, axis=1)
    face = int(distances.argmin())
    return candidates[face], face, float(distances[face])
