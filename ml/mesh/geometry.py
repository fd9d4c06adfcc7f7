"""Small facts about triangle meshes that several stages need. Faces are (F, 3) indices into (V, 3) vertices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import ConvexHull, QhullError

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.integer[Any]]
CREASE = 30.0
"""Degrees between two triangles above which their edge is hard: the chamfer of one cell that is left of a box's edge
turns by 30 to 50 on either side, a ball of 10,000 triangles by less than 10."""


def face_areas_and_normals(vertices: Floats, faces: Indices) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Areas (F,) and unit normals (F, 3); a degenerate triangle has area 0 and normal 0."""
    corners = vertices.astype(np.float64)[faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(cross, axis=1)
    return length / 2.0, cross / np.maximum(length, 1e-30)[:, None]


def vertex_normals(vertices: Floats, faces: Indices) -> NDArray[np.float32]:
    """(V, 3) unit normals: the faces' normals weighted by area. A vertex without a direction gets +z."""
    areas, normals = face_areas_and_normals(vertices, faces)
    return _summed(faces.ravel(), normals * areas[:, None], len(vertices))


def creased_normals(
    vertices: Floats, faces: Indices, crease: float = CREASE
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Normals that are smooth but for hard edges, where two triangles turn by more than `crease` degrees.

    The corners of triangles around a vertex are parted by the hard edges that meet there, and each group has its own
    normal, weighted by area. Gives `group` (F, 3), the group of each corner, and the groups' normals (G, 3).
    """
    areas, normals = face_areas_and_normals(vertices, faces)
    one, other = _shared_edges(faces)
    soft = np.einsum("ec,ec->e", normals[one // 3], normals[other // 3]) >= np.cos(np.radians(crease))
    count, group = _joined_corners(one[soft], other[soft], faces.size)
    return group.reshape(-1, 3).astype(np.int32), _summed(group, normals * areas[:, None], count)


def fans(faces: Indices) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The same triangles with a vertex for each fan around it, and the old vertex behind each new one (W,).

    A fan is what hangs together by edges around a vertex. On a 2-manifold over used vertices nothing changes.
    """
    count, group = _joined_corners(*_shared_edges(faces), faces.size)
    source = np.zeros(count, np.int64)
    source[group] = faces.ravel()
    order = np.argsort(source, kind="stable")
    place = np.empty(count, np.int32)
    place[order] = np.arange(count)
    return place[group].reshape(-1, 3), source[order]


def _joined_corners(one: NDArray[np.int64], other: NDArray[np.int64], corners: int) -> tuple[int, NDArray[np.int32]]:
    """Corners joined across edges (pairs of opposite half edges): how many groups, and each corner's (C,)."""
    rows, columns = np.concatenate([one, _next_corner(one)]), np.concatenate([_next_corner(other), other])
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(corners, corners))
    count, group = connected_components(graph, directed=False)
    return count, group


def _shared_edges(faces: Indices) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(E,) twice: the two half edges of each edge between two triangles; half edge 3 f + k starts at corner k of f."""
    start, end = faces.ravel().astype(np.int64), np.roll(faces, -1, axis=1).ravel().astype(np.int64)
    key = np.minimum(start, end) * (int(faces.max(initial=0)) + 1) + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    shared = np.flatnonzero(key[order][1:] == key[order][:-1])
    return order[shared], order[shared + 1]


def _next_corner(corner: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(corner - corner % 3 + (corner + 1) % 3)


def _summed(corner: Indices, weighted: NDArray[np.float64], count: int) -> NDArray[np.float32]:
    """(count, 3) unit sums of the triangles' vectors (F, 3) over what their corners (3 F,) belong to; +z for none."""
    spread = np.repeat(weighted, 3, axis=0)
    summed = np.stack([np.bincount(corner, spread[:, axis], count) for axis in range(3)], axis=1)
    length = np.linalg.norm(summed, axis=1, keepdims=True)
    return np.where(length > 1e-20, summed / np.maximum(length, 1e-20), (0.0, 0.0, 1.0)).astype(np.float32)


def face_volumes(vertices: Floats, faces: Indices) -> NDArray[np.float64]:
    """(F,) signed volumes of the tetrahedra between each triangle and the origin; their sum is the solid's volume."""
    corners = vertices.astype(np.float64)[faces]
    cross = np.cross(corners[:, 1], corners[:, 2])
    return np.asarray(np.einsum("ij,ij->i", corners[:, 0], cross) / 6.0)


def components(faces: Indices, vertex_count: int) -> NDArray[np.int32]:
    """(F,) the number of the connected part that each triangle belongs to."""
    rows = np.concatenate([faces[:, 0], faces[:, 1]])
    columns = np.concatenate([faces[:, 1], faces[:, 2]])
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(vertex_count, vertex_count))
    _, labels = connected_components(graph, directed=False)
    return np.unique(labels[faces[:, 0]], return_inverse=True)[1].astype(np.int32)


def is_closed_manifold(faces: Indices) -> bool:
    """True when every edge joins exactly two triangles that run along it in opposite directions."""
    if len(faces) == 0:
        return False
    start, end = faces.ravel().astype(np.int64), np.roll(faces, -1, axis=1).ravel().astype(np.int64)
    span = int(faces.max()) + 1
    forward, backward = np.sort(start * span + end), np.sort(end * span + start)
    return bool(np.all(np.diff(forward) > 0) and np.array_equal(forward, backward))


def without_unused_vertices(vertices: Floats, faces: Indices) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """The same triangles over only the vertices that they use, in the same order."""
    used = np.zeros(len(vertices), bool)
    used[faces] = True
    renumbered = np.cumsum(used) - 1
    return vertices[used].astype(np.float32), renumbered[faces].astype(np.int32)


def welded(vertices: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Undo a split at seams and creases: vertices of one position are one (a finished mesh has no two at one place).

    Gives `first` (W,), a vertex for each welded one, and `place_of` (V,), the welded one of each vertex.
    """
    keys = np.ascontiguousarray(vertices, np.float32).view(np.dtype((np.void, 12))).ravel()
    _, first, place_of = np.unique(keys, return_index=True, return_inverse=True)
    return np.asarray(first), np.asarray(place_of)


def hull_corners(vertices: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vertices (H, 3) at the corners of the convex hull: where these fall, all do. Every one when they are flat."""
    try:
        return np.asarray(vertices[ConvexHull(vertices).vertices])
    except QhullError:
        return vertices
