"""Rays against a mesh, by embree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from embreex import mesh_construction, rtcore_scene
from numpy.typing import NDArray

from ml.core.camera import Camera
from ml.mesh.mesh import Mesh

Floats = NDArray[np.float32]
Window = tuple[int, int, int, int]
"""Part of a picture: top, bottom, left, right in pixels, bottom and right outside."""


@dataclass(frozen=True)
class Hits:
    """What N rays met first: `face` (N,) int32, -1 where nothing; `distance` (N,); `weights` (N, 3) barycentric."""

    face: NDArray[np.int32]
    distance: NDArray[np.float32]
    weights: NDArray[np.float32]


def camera_rays(camera: Camera, size: int, window: Window) -> tuple[Floats, Floats]:
    """Origins and unit directions, (N, 3) each, row by row through the pixels of `window` of a `size` x `size` picture.

    The same rays as `camera.rays(size)`, but only those that can meet something.
    """
    top, bottom, left, right = window
    x = (np.arange(left, right, dtype=np.float32) + 0.5) / size * 2.0 - 1.0
    y = (np.arange(top, bottom, dtype=np.float32) + 0.5) / size * 2.0 - 1.0
    local = np.empty((bottom - top, right - left, 3), np.float32)
    local[..., 0], local[..., 1], local[..., 2] = x[None, :], -y[:, None], camera.focal
    local /= np.sqrt(np.einsum("rcn,rcn->rc", local, local))[..., None]
    directions = local.reshape(-1, 3) @ camera.axes().numpy()
    return np.tile(camera.position().numpy(), (len(directions), 1)), directions


def window_of(vertices: Floats, camera: Camera, size: int) -> Window:
    """The part of a `size` x `size` picture that vertices (V, 3) fall into; all of it when one is behind the camera."""
    local = (vertices - camera.position().numpy()) @ camera.axes().numpy().T
    if float(local[:, 2].min()) < 1e-3:
        return 0, size, 0, size
    place = (local[:, :2] * (camera.focal / local[:, 2:]) * (1.0, -1.0) + 1.0) * (size / 2.0)
    low, high = np.floor(place.min(axis=0)).astype(int), np.ceil(place.max(axis=0)).astype(int)
    left, top, right, bottom = (int(value) for value in np.clip([*low, *high], 0, size))
    return top, bottom, left, right


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
