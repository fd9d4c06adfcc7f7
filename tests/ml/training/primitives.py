"""Small meshes with known geometry."""

from __future__ import annotations

import numpy as np

from ml.training.meshes import ColoredMesh
from ml.training.shapes import join
from ml.training.shapes.parts import Part, box, ellipsoid

GREY = np.full(3, 0.5, np.float32)


def joined(*parts: Part, name: str = "parts") -> ColoredMesh:
    """One mesh of the parts, neither centred nor scaled."""
    return join(name, list(parts))


def cube(side: float = 2.0) -> ColoredMesh:
    return joined(box(GREY, (side, side, side)), name="cube")


def ball(radius: float = 1.0) -> ColoredMesh:
    return joined(ellipsoid(GREY, (radius, radius, radius), sides=48), name="ball")
