"""Rays against a mesh, by embree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from embreex import mesh_construction, rtcore_scene
from numpy.typing import NDArray

from ml.mesh import Mesh


@dataclass(frozen=True)
class Hits:
    """What N rays met first: `face` (N,) int32, -1 where nothing; `distance` (N,); `weights` (N, 3) barycentric."""

    face: NDArray[np.int32]
    distance: NDArray[np.float32]
    weights: NDArray[np.float32]


class Caster:
    """A mesh ready to be asked with rays; its tree is built once."""

    def __init__(self, mesh: Mesh) -> None:
        self._scene = rtcore_scene.EmbreeScene()
        self._mesh = mesh_construction.TriangleMesh(self._scene, mesh.vertices[mesh.faces].astype(np.float32))

    def cast(self, origins: NDArray[np.float32], directions: NDArray[np.float32]) -> Hits:
        """First hits of (N, 3) rays with unit directions, in the mesh's frame and units."""
        found = self._scene.run(np.ascontiguousarray(origins), np.ascontiguousarray(directions), output=1)
        u, v = found["u"], found["v"]
        return Hits(found["primID"], found["tfar"], np.stack([1.0 - u - v, u, v], axis=1))
