"""A closed triangle mesh in the canonical frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Mesh:
    """Triangles in the canonical frame, counter-clockwise seen from outside.

    `vertices` (V, 3) float32, `faces` (F, 3) int32, `normals` (V, 3) float32 of unit length. A finished solid is closed
    and has no two vertices at one place; the textured copy of it (`ml.texture.bake`) is split at seams and hard edges.
    `repairs`: sentences about what had to be mended.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    normals: NDArray[np.float32]
    repairs: tuple[str, ...] = ()
