"""From the canonical frame (z up, the photo's side +x, picture right +y) to the frames of the exported files."""

from __future__ import annotations

import numpy as np

from ml.core.images import Floats

MIN_EXTENT = 1e-9
"""Avoids a division by zero for a flat model."""


def to_y_up(vectors: Floats) -> Floats:
    """Rotate (N, 3) canonical positions or directions: y up, the photo's side +z, picture right +x (GLB, OBJ)."""
    return np.ascontiguousarray(vectors[:, [1, 2, 0]], dtype=np.float32)


def to_print_bed(vertices: Floats, height_mm: float) -> Floats:
    """(N, 3) canonical positions -> millimetres, `height_mm` tall, lowest point at z = 0, same axes (STL, 3MF)."""
    low, high = float(vertices[:, 2].min()), float(vertices[:, 2].max())
    scale = height_mm / max(high - low, MIN_EXTENT)
    return np.ascontiguousarray((vertices - np.array([0.0, 0.0, low])) * scale, dtype=np.float32)


def to_floor(vertices: Floats, height: float) -> Floats:
    """(N, 3) y-up positions -> `height` tall, lowest point at y = 0, centred over the origin (USDZ)."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    ground = np.array([(low[0] + high[0]) / 2.0, low[1], (low[2] + high[2]) / 2.0])
    scale = height / max(float(high[1] - low[1]), MIN_EXTENT)
    return np.ascontiguousarray((vertices - ground) * scale, dtype=np.float32)
