"""A closed triangle mesh in the canonical frame, and how a raw one is finished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Mesh:
    """Triangles in the canonical frame, counter-clockwise seen from outside.

    `vertices` (V, 3) float32, `faces` (F, 3) int32, `normals` (V, 3) float32 of unit length.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    normals: NDArray[np.float32]


def finish(mesh: Mesh, faces: int) -> Mesh:
    """The mesh without floaters, smoothed, closed, 2-manifold and with at most about `faces` triangles."""
    raise NotImplementedError


def statistics(mesh: Mesh, height_mm: float) -> dict[str, Any]:
    """Plain numbers for the report: size, watertightness and how well it prints at `height_mm`."""
    raise NotImplementedError
