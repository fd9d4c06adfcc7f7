"""A closed triangle mesh in the canonical frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ml.mesh.raycast import Caster


@dataclass(frozen=True)
class Mesh:
    """Triangles in the canonical frame, counter-clockwise seen from outside.

    `vertices` (V, 3) float32, `faces` (F, 3) int32, `normals` (V, 3) float32 of unit length. A finished mesh is closed
    and no two of its vertices coincide; its textured copy (`ml.texture.bake`) is split at seams and hard edges.
    `repairs`: a sentence about each repair, for the user.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.int32]
    normals: NDArray[np.float32]
    repairs: tuple[str, ...] = ()

    @cached_property
    def caster(self) -> Caster:
        """The mesh prepared for rays."""
        return Caster(self.vertices, self.faces)
