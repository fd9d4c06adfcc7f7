"""From the canonical frame (z up, the photo's side +x, picture right +y) to the frames and units of the files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ml.core.images import Floats
from ml.recipe import HEIGHT

MIN_EXTENT = 1e-9
"""Avoids a division by zero for a flat model."""


@dataclass(frozen=True)
class Placement:
    """How a model stands in every file: its size, and the canonical point that becomes the origin.

    The origin is below the middle of the model, at the height of its lowest point.
    """

    mm_per_unit: float
    origin: tuple[float, float, float]

    def to_mm(self, positions: Floats) -> Floats:
        """(N, 3) canonical positions -> millimetres from the origin, canonical axes."""
        return np.ascontiguousarray((positions - np.array(self.origin)) * self.mm_per_unit, dtype=np.float32)

    def to_dict(self) -> dict[str, Any]:
        """The entry `placement` of the report."""
        return asdict(self) | {"origin": list(self.origin)}


def place(vertices: Floats, size_mm: float, size_axis: str) -> Placement:
    """The placement that makes the longest side or the height (`ml.recipe.SIZE_AXES`) of (N, 3) positions `size_mm`."""
    low, high = vertices.min(axis=0).astype(float), vertices.max(axis=0).astype(float)
    extent = high - low
    measured = extent[2] if size_axis == HEIGHT else extent.max()
    scale = size_mm / max(float(measured), MIN_EXTENT)
    return Placement(scale, (float(low[0] + high[0]) / 2.0, float(low[1] + high[1]) / 2.0, float(low[2])))


def to_y_up(vectors: Floats) -> Floats:
    """Rotate (N, 3) canonical positions or directions: y up, the photo's side +z, picture right +x (GLB, OBJ, USDZ)."""
    return np.ascontiguousarray(vectors[:, [1, 2, 0]], dtype=np.float32)


def to_z_up(vectors: Floats) -> Floats:
    """Rotate (N, 3) canonical positions or directions: z up, the photo's side -y, picture right +x (STL, 3MF, PLY)."""
    return np.ascontiguousarray(vectors[:, [1, 0, 2]] * np.array([1.0, -1.0, 1.0]), dtype=np.float32)
