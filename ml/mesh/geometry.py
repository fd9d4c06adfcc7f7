"""Properties of triangle meshes that several stages need. Faces are (F, 3) indices into (V, 3) vertices."""

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
"""Degrees between two triangles above which their edge is hard. Marching cubes turns the edge of a box into a chamfer
one cell wide that bends by 30 to 50 degrees on either side; a ball of 10,000 triangles bends by less than 10."""
MIN_LENGTH = 1e-30
"""Smallest length to divide by: the normal of a degenerate triangle comes out as 0."""
MIN_NORMAL = 1e-20
"""Length below which a sum of normals has no direction."""


def face_areas_and_normals(vertices: Floats, faces: Indices) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Areas (F,) and unit normals (F, 3); a degenerate triangle has area 0 and normal 0."""
    corners = vertices.astype(np.float64)[faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(cross, axis=1)
    return length / 2.0, cross / np.maximum(length, MIN_LENGTH)[:, None]


def vertex_normals(vertices: Floats, faces: Indices) -> NDArray[np.float32]:
    """(V, 3) unit normals: the mean of the faces' normals, weighted by area; +z where they cancel out."""
    areas, normals = face_areas_and_normals(vertices, faces)
    return _sum_by_group(faces.ravel(), normals * areas[:, None], len(vertices))


def creased_normals(
    vertices: Floats, faces: Indices, crease: float = CREASE
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Normals that are smooth except across hard edges, where two triangles meet at more than `crease` degrees.

    The hard edges at a vertex divide the corners around it into groups with a normal each, weighted by area.
    Returns `group` (F, 3), the group of each corner, and the normals of the groups (G, 3).
    """
    areas, normals = face_areas_and_normals(vertices, faces)
    one, other = shared_edges(faces)
    soft = np.einsum("ec,ec->e", normals[one // 3], normals[other // 3]) >= np.cos(np.radians(crease))
    count, group = _group_corners(one[soft], other[soft], faces.size)
    return group.reshape(-1, 3).astype(np.int32), _sum_by_group(group, normals * areas[:, None], count)


def split_non_manifold_vertices(faces: Indices) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The same triangles with one vertex per fan, and the original of each new vertex (W,).

    A fan is a set of triangles around a vertex that are connected by edges. A 2-manifold has one at each vertex and
    does not change, apart from losing unused vertices.
    """
    count, group = _group_corners(*shared_edges(faces), faces.size)
    source = np.zeros(count, np.int64)
    source[group] = faces.ravel()
    order = np.argsort(source, kind="stable")
    index = np.empty(count, np.int32)
    index[order] = np.arange(count)
    return index[group].reshape(-1, 3), source[order]


def _group_corners(one: NDArray[np.int64], other: NDArray[np.int64], corners: int) -> tuple[int, NDArray[np.int32]]:
    """Corners connected across edges (pairs of opposite half edges): the number of groups, and each corner's (C,)."""
    rows, columns = np.concatenate([one, _next_corner(one)]), np.concatenate([_next_corner(other), other])
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(corners, corners))
    count, group = connected_components(graph, directed=False)
    return count, group


def shared_edges(faces: Indices) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Both half edges (E,) of every edge between two triangles; half edge 3 f + k starts at corner k of triangle f."""
    start, end = faces.ravel().astype(np.int64), np.roll(faces, -1, axis=1).ravel().astype(np.int64)
    key = np.minimum(start, end) * (int(faces.max(initial=0)) + 1) + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    shared = np.flatnonzero(key[order][1:] == key[order][:-1])
    return order[shared], order[shared + 1]


def _next_corner(corner: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(corner - corner % 3 + (corner + 1) % 3)


def _sum_by_group(group: Indices, weighted: NDArray[np.float64], count: int) -> NDArray[np.float32]:
    """(count, 3) sums of the triangles' vectors (F, 3) by the group of each corner (3 F,), at unit length; else +z."""
    by_corner = np.repeat(weighted, 3, axis=0)
    total = np.stack([np.bincount(group, by_corner[:, axis], count) for axis in range(3)], axis=1)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.where(length > MIN_NORMAL, total / np.maximum(length, MIN_NORMAL), (0.0, 0.0, 1.0)).astype(np.float32)


def face_volumes(vertices: Floats, faces: Indices) -> NDArray[np.float64]:
    """(F,) signed volumes of the tetrahedra from the origin to each triangle; they add up to that of a closed mesh."""
    corners = vertices.astype(np.float64)[faces]
    cross = np.cross(corners[:, 1], corners[:, 2])
    return np.asarray(np.einsum("ij,ij->i", corners[:, 0], cross) / 6.0)


def components(faces: Indices, vertex_count: int) -> NDArray[np.int32]:
    """(F,) the index of the connected component that each triangle belongs to."""
    rows = np.concatenate([faces[:, 0], faces[:, 1]])
    columns = np.concatenate([faces[:, 1], faces[:, 2]])
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(vertex_count, vertex_count))
    _, labels = connected_components(graph, directed=False)
    return np.unique(labels[faces[:, 0]], return_inverse=True)[1].astype(np.int32)


def is_closed_manifold(faces: Indices) -> bool:
    """Whether every edge joins exactly two triangles that traverse it in opposite directions."""
    if len(faces) == 0:
        return False
    start, end = faces.ravel().astype(np.int64), np.roll(faces, -1, axis=1).ravel().astype(np.int64)
    span = int(faces.max()) + 1
    forward, backward = np.sort(start * span + end), np.sort(end * span + start)
    return bool(np.all(np.diff(forward) > 0) and np.array_equal(forward, backward))


def drop_unused_vertices(vertices: Floats, faces: Indices) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """The same triangles, and only the vertices that they use, in the same order."""
    used = np.zeros(len(vertices), bool)
    used[faces] = True
    renumbered = np.cumsum(used) - 1
    return vertices[used].astype(np.float32), renumbered[faces].astype(np.int32)


def weld(vertices: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Merge vertices at the same position, which undoes the split of a finished mesh at seams and creases.

    Returns `first` (W,), one original for each welded vertex, and `index` (V,), the welded vertex of each original.
    """
    keys = np.ascontiguousarray(vertices, np.float32).view(np.dtype((np.void, 12))).ravel()
    _, first, index = np.unique(keys, return_index=True, return_inverse=True)
    return np.asarray(first), np.asarray(index)


def hull_corners(vertices: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vertices (H, 3) of the convex hull, which bound every projection of the mesh; all of them when flat."""
    try:
        return np.asarray(vertices[ConvexHull(vertices).vertices])
    except QhullError:
        return vertices
