"""From the canonical frame (z up, photo's side +x, picture right +y) to the frames of the files."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def y_up(vectors: Floats) -> Floats:
    """(N, 3) canonical positions or directions -> y up, photo's side +z, picture right +x (GLB, OBJ); a rotation."""
    return np.ascontiguousarray(vectors[:, [1, 2, 0]], dtype=np.float32)


def print_bed(vertices: Floats, height_mm: float) -> Floats:
    """(N, 3) canonical positions -> millimetres, z up, lowest point at z = 0, `height_mm` tall; axes are kept."""
    low, high = float(vertices[:, 2].min()), float(vertices[:, 2].max())
    scale = height_mm / max(high - low, 1e-9)
    return np.ascontiguousarray((vertices - np.array([0.0, 0.0, low])) * scale, dtype=np.float32)


def standing(vertices: Floats, height: float) -> Floats:
    """(N, 3) y-up positions -> `height` tall on y = 0, the middle of its box over the origin (USDZ)."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    ground = np.array([(low[0] + high[0]) / 2.0, low[1], (low[2] + high[2]) / 2.0])
    return np.ascontiguousarray((vertices - ground) * (height / max(float(high[1] - low[1]), 1e-9)), dtype=np.float32)
