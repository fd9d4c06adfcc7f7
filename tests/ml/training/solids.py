"""Small solids whose answers are known."""

from __future__ import annotations

import numpy as np

from ml.training.meshes import Solid
from ml.training.shapes.parts import Part, box, ellipsoid

GREY = np.full(3, 0.5, np.float32)


def solid(*parts: Part, name: str = "solid") -> Solid:
    """Parts joined as they are, neither centred nor scaled."""
    starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    faces = np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=False)])
    return Solid(name, np.concatenate([part.vertices for part in parts]), faces, np.tile(GREY, (len(faces), 1)))


def cube(side: float = 2.0) -> Solid:
    return solid(box(GREY, (side, side, side)), name="cube")


def ball(radius: float = 1.0) -> Solid:
    return solid(ellipsoid(GREY, (radius, radius, radius), sides=48), name="ball")
