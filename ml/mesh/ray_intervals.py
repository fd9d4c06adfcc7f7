"""Ray casting against a triangle mesh with embree: first hits, shadows and all intervals inside along a ray."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from embreex import rtcore_scene
from embreex.mesh_construction import TriangleMesh
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

STEP = 2e-4
"""How far a ray moves past a hit before it looks for the next one, in world units."""


@dataclass(frozen=True)
class Caster:
    """An embree scene of one mesh: `triangles` (F, 3, 3), `normals` (F, 3) by winding, unit length."""

    scene: rtcore_scene.EmbreeScene
    triangles: Floats
    normals: Floats


def build(vertices: Floats, faces: NDArray[np.int64]) -> Caster:
    """A caster for a mesh of (V, 3) vertices and (F, 3) faces."""
    triangles = np.ascontiguousarray(vertices[faces], dtype=np.float32)
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    normals = cross / np.maximum(np.linalg.norm(cross, axis=1, keepdims=True), 1e-12)
    scene = rtcore_scene.EmbreeScene()
    TriangleMesh(scene, triangles)
    return Caster(scene, triangles, normals.astype(np.float32))


def first_hits(caster: Caster, origins: Floats, directions: Floats) -> tuple[Ints, Floats]:
    """Face number (N,) of the first hit along each ray, −1 for none, and its distance (N,)."""
    hit = caster.scene.run(np.ascontiguousarray(origins), np.ascontiguousarray(directions), output=True)
    return hit["primID"], hit["tfar"]


def occluded(caster: Caster, origins: Floats, directions: Floats) -> NDArray[np.bool_]:
    """(N,) whether anything lies along each ray."""
    face, _ = first_hits(caster, origins, directions)
    return face >= 0


def all_hits(caster: Caster, origins: Floats, directions: Floats, layers: int = 24) -> tuple[Floats, Ints]:
    """Distances (N, L) and face numbers (N, L) of every hit in order, padded with inf and −1; L ≤ `layers`."""
    count = len(origins)
    distances, faces = [], []
    active = np.arange(count)
    start = np.zeros(count, np.float32)
    for _ in range(layers):
        face, reach = first_hits(caster, origins[active] + start[active, None] * directions[active], directions[active])
        found = face >= 0
        active = active[found]
        if not len(active):
            break
        distance, number = np.full(count, np.inf, np.float32), np.full(count, -1, np.int32)
        distance[active], number[active] = start[active] + reach[found], face[found]
        start[active] = distance[active] + STEP
        distances.append(distance)
        faces.append(number)
    if not distances:
        return np.full((count, 1), np.inf, np.float32), np.full((count, 1), -1, np.int32)
    return np.stack(distances, axis=1), np.stack(faces, axis=1)


def inside_after(caster: Caster, directions: Floats, faces: Ints) -> NDArray[np.bool_]:
    """(N, L) whether a ray is inside the solid right after each hit: entering counts +1, leaving −1.

    A mesh with holes can leave more often than it enters: the count never falls below zero, and nothing is inside
    after the last hit.
    """
    facing = np.einsum("nld,nd->nl", caster.normals[faces], directions)
    steps = np.where(faces < 0, 0, np.where(facing < 0, 1, -1))
    depth = np.zeros(len(faces), np.int64)
    inside = np.zeros(faces.shape, bool)
    for layer in range(faces.shape[1]):
        depth = np.maximum(depth + steps[:, layer], 0)
        inside[:, layer] = depth > 0
    last = np.maximum((faces >= 0).sum(axis=1) - 1, 0)
    inside[np.arange(len(faces)), last] = False
    return inside & (faces >= 0)
