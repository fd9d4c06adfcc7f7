"""How much of a model's surface no photo shows, and how much of that a photo of each side would show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ml.core.camera import Camera
from ml.mesh.geometry import face_areas_and_normals
from ml.recipe import SIDES
from ml.texture.bake import TexturedMesh

FACING = 0.5
"""Cosine between normal and view from which a photo is taken to show a triangle (60 degrees). What lies in front of it
is not considered, so that a share is an upper limit."""
HALF_A_SIDE = 45.0
"""Degrees: a photo shows the side whose azimuth is nearest to its own."""


@dataclass(frozen=True)
class Unseen:
    """Fractions of the surface: `share` is predicted; a photo of a side would show `sides[side]` of the surface that no
    photo shows yet. Sides that were photographed are left out."""

    share: float
    sides: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


def unseen(model: TexturedMesh, azimuths: Iterable[float]) -> Unseen:
    """Of a model that was made from photos at these azimuths in degrees."""
    areas, normals = face_areas_and_normals(model.mesh.vertices, model.mesh.faces)
    hidden = areas * (1.0 - model.observed[model.mesh.faces].mean(axis=1)) / max(float(areas.sum()), 1e-12)
    taken = [azimuth % 360.0 for azimuth in azimuths]
    gains = {
        side: float(hidden[normals @ _towards(azimuth) > FACING].sum())
        for side, azimuth in SIDES.items()
        if azimuth is not None and not any(_apart(azimuth, other) < HALF_A_SIDE for other in taken)
    }
    return Unseen(round(float(hidden.sum()), 3), {side: round(gain, 3) for side, gain in gains.items()})


def _towards(azimuth: float) -> np.ndarray[Any, Any]:
    """(3,) from the object to a camera at this azimuth."""
    return -Camera(azimuth=azimuth).axes()[2].numpy()


def _apart(one: float, other: float) -> float:
    """Degrees between two azimuths, at most 180."""
    return abs((one - other + 180.0) % 360.0 - 180.0)
