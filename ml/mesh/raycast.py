"""Rays against a triangle mesh, by embree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from embreex import mesh_construction, rtcore_scene
from numpy.typing import NDArray

from ml.core.camera import Camera, Window
from ml.core.images import Floats
from ml.mesh.geometry import face_areas_and_normals

MIN_DEPTH = 1e-3
"""Depth in scene units up to which a vertex counts as beside or behind the camera, where it has no projection."""


@dataclass(frozen=True)
class Hits:
    """First hits of N rays: `face` (N,) int32, -1 for a miss; `distance` (N,); barycentric `weights` (N, 3)."""

    face: NDArray[np.int32]
    distance: Floats
    weights: Floats


class Caster:
    """A triangle mesh prepared for ray queries: embree's acceleration structure is built once.

    `triangles` (F, 3, 3) float32 are its corners. Rays are (N, 3) float32 origins and directions in the mesh's frame;
    distances are in lengths of the direction.
    """

    def __init__(self, vertices: NDArray[np.floating[Any]], faces: NDArray[np.integer[Any]]) -> None:
        self.triangles = np.ascontiguousarray(vertices[faces], dtype=np.float32)
        self._scene = rtcore_scene.EmbreeScene()
        self._mesh = mesh_construction.TriangleMesh(self._scene, self.triangles)

    @cached_property
    def normals(self) -> Floats:
        """(F, 3) unit normals by winding; 0 for a degenerate triangle."""
        corners = np.arange(3 * len(self.triangles)).reshape(-1, 3)
        return face_areas_and_normals(self.triangles.reshape(-1, 3), corners)[1].astype(np.float32)

    def first_hits(self, origins: Floats, directions: Floats) -> Hits:
        """What each ray hits first."""
        found = self._scene.run(np.ascontiguousarray(origins), np.ascontiguousarray(directions), output=1)
        u, v = found["u"], found["v"]
        return Hits(found["primID"], found["tfar"], np.stack([1.0 - u - v, u, v], axis=1))

    def occluded(self, origins: Floats, directions: Floats) -> NDArray[np.bool_]:
        """(N,) whether each ray hits anything."""
        return self.first_hits(origins, directions).face >= 0


def camera_rays(camera: Camera, size: int, window: Window | None = None) -> tuple[Floats, Floats]:
    """`Camera.rays` as arrays, for a `Caster`."""
    origins, directions = camera.rays(size, window)
    return origins.numpy(), directions.numpy()


def window_of(vertices: Floats, camera: Camera, size: int) -> Window:
    """The part of a `size` x `size` picture that shows vertices (V, 3); all of it when one is behind the camera."""
    local = (vertices - camera.position().numpy()) @ camera.axes().numpy().T
    if float(local[:, 2].min()) < MIN_DEPTH:
        return 0, size, 0, size
    pixel = (local[:, :2] * (camera.focal / local[:, 2:]) * (1.0, -1.0) + 1.0) * (size / 2.0)
    low, high = np.floor(pixel.min(axis=0)).astype(int), np.ceil(pixel.max(axis=0)).astype(int)
    left, top, right, bottom = (int(value) for value in np.clip([*low, *high], 0, size))
    return top, bottom, left, right
