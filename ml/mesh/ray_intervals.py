"""Every crossing of a ray with a mesh, and the intervals that the ray spends inside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ml.core.images import Floats
from ml.mesh.raycast import Caster

Ints = NDArray[np.int32]

STEP = 2e-4
"""How far past a hit the search for the next one starts, in lengths of the ray's direction."""
MAX_LAYERS = 24
"""Hits after which a ray is cut off."""


def all_hits(caster: Caster, origins: Floats, directions: Floats, layers: int = MAX_LAYERS) -> tuple[Floats, Ints]:
    """Distances (N, L) and face numbers (N, L) of every hit in order, padded with inf and -1; L <= `layers`."""
    count = len(origins)
    distances, faces = [], []
    active = np.arange(count)
    start = np.zeros(count, np.float32)
    for _ in range(layers):
        hits = caster.first_hits(origins[active] + start[active, None] * directions[active], directions[active])
        found = hits.face >= 0
        active = active[found]
        if not len(active):
            break
        distance, number = np.full(count, np.inf, np.float32), np.full(count, -1, np.int32)
        distance[active], number[active] = start[active] + hits.distance[found], hits.face[found]
        start[active] = distance[active] + STEP
        distances.append(distance)
        faces.append(number)
    if not distances:
        return np.full((count, 1), np.inf, np.float32), np.full((count, 1), -1, np.int32)
    return np.stack(distances, axis=1), np.stack(faces, axis=1)


def inside_after(caster: Caster, directions: Floats, faces: Ints) -> NDArray[np.bool_]:
    """(N, L) whether a ray is inside the mesh right after each hit: entering counts +1, leaving -1.

    A mesh with holes can be left more often than it is entered: the count never falls below zero, and nothing is
    inside after the last hit.
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
