"""How flat the faces of a model are whose true faces are planes."""

from __future__ import annotations

import numpy as np

from ml.core.camera import Camera
from ml.core.images import Floats
from ml.mesh.mesh import Mesh
from ml.mesh.raycast import Caster, camera_rays

TOLERANCE = 0.01
"""Distance from the face's plane, as a fraction of the longest side, up to which a point counts as flat."""
MAX_ANGLE = 45.0
"""Degrees between a point's normal and a true face's up to which it may belong to that face."""
TRIALS = 200
"""Points whose planes are tried for each face."""
PICTURE = 128
"""Side in pixels of the view whose points are measured."""


def flat_fraction(mesh: Mesh, camera: Camera, normals: Floats) -> float:
    """Fraction of what `camera` sees of the faces with these true `normals` (N, 3) that is within TOLERANCE of a plane.

    The plane of a face is the one with the most points near it.
    """
    caster = Caster(mesh.vertices, mesh.faces)
    origins, rays = camera_rays(camera, PICTURE)
    hits = caster.first_hits(origins, rays)
    hit = np.flatnonzero(hits.face >= 0)
    points, directions = origins[hit] + rays[hit] * hits.distance[hit, None], caster.normals[hits.face[hit]]
    cosine = directions @ normals.T
    tolerance = TOLERANCE * float(np.ptp(mesh.vertices, axis=0).max())
    flat = total = 0
    for number in range(len(normals)):
        face = (cosine.argmax(axis=1) == number) & (cosine[:, number] > np.cos(np.radians(MAX_ANGLE)))
        flat += _most_on_a_plane(points[face], directions[face], tolerance)
        total += int(face.sum())
    return flat / max(total, 1)


def _most_on_a_plane(points: Floats, directions: Floats, tolerance: float) -> int:
    """The largest number of points within `tolerance` of one plane, refined from those of seeded points."""
    best = 0
    for seed in np.random.default_rng(0).permutation(len(points))[:TRIALS]:
        normal, offset = directions[seed], float(points[seed] @ directions[seed])
        for _ in range(2):
            near = points[np.abs(points @ normal - offset) < tolerance]
            middle = near.mean(axis=0)
            normal = np.linalg.eigh((near - middle).T @ (near - middle))[1][:, 0]
            offset = float(middle @ normal)
        best = max(best, int(np.count_nonzero(np.abs(points @ normal - offset) < tolerance)))
    return best
