"""The frame at each vertex that a normal map refers to (glTF 2.0, chapter 3.7.2.1)."""

from __future__ import annotations

import numpy as np

from ml.core.grouping import sums
from ml.core.images import Floats
from ml.mesh.mesh import Mesh


def tangents(mesh: Mesh, uv: Floats) -> Floats:
    """(V, 4): the unit vector to the right in the texture, across the normal, and 1; -1 where the layout is mirrored.

    The cross product of normal and tangent, times that sign, points upwards in the texture. `uv` (V, 2) from the top
    left corner.
    """
    faces = mesh.faces
    one, two = (mesh.vertices[faces[:, corner]] - mesh.vertices[faces[:, 0]] for corner in (1, 2))
    (u1, v1), (u2, v2) = ((uv[faces[:, corner]] - uv[faces[:, 0]]).T for corner in (1, 2))
    turned = np.where(u1 * v2 - u2 * v1 < 0.0, -1.0, 1.0)[:, None]
    to_right = (one * v2[:, None] - two * v1[:, None]) * turned
    to_top = (one * u2[:, None] - two * u1[:, None]) * turned  # v grows downwards
    corners, count = faces.ravel(), len(mesh.vertices)
    right, up = (sums(corners, np.repeat(vectors, 3, axis=0), count) for vectors in (to_right, to_top))
    right -= (right * mesh.normals).sum(axis=1, keepdims=True) * mesh.normals
    length = np.linalg.norm(right, axis=1, keepdims=True)
    right = np.where(length > 1e-12, right / np.maximum(length, 1e-12), _any_across(mesh.normals))
    sign = np.where((np.cross(mesh.normals, right) * up).sum(axis=1) < 0.0, -1.0, 1.0)
    return np.concatenate([right, sign[:, None]], axis=1).astype(np.float32)


def _any_across(normals: Floats) -> Floats:
    """(V, 3) unit vectors across the normals."""
    axis = np.eye(3, dtype=np.float32)[np.abs(normals).argmin(axis=1)]
    across = np.cross(normals, axis)
    return np.asarray(across / np.linalg.norm(across, axis=1, keepdims=True), np.float32)
