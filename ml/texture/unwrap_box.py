"""Box projection: the mesh projected onto the six sides of a box. Fast for any mesh; more seams than xatlas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ml.mesh.geometry import face_areas_and_normals, shared_edges
from ml.mesh.mesh import Mesh
from ml.texture import rasterize

SMOOTHING_ROUNDS = 4
"""Rounds in which a triangle's normal is averaged with its neighbours': fewer, larger charts."""
MIN_FACING = 0.2
"""Cosine between a triangle and the side chosen by the average below which its own normal decides."""
OVERLAP_SIZE = 1024
"""Side in pixels of the grid on which overlaps within a chart are detected."""
LAYERS = 8
"""How often a chart that overlaps itself is split before its remaining triangles become charts of their own."""
PADDING = 2
"""Texels between charts."""
SCALE_BISECTIONS = 24
"""Steps of the search for the scale of the charts, each of which halves its error."""

Ids = NDArray[np.int64]
Plane = NDArray[np.float64]


def unwrap(mesh: Mesh, size: int) -> tuple[Ids, NDArray[np.int32], NDArray[np.float32]]:
    """The original of each new vertex (N,), faces (F, 3) in their order, uv (N, 2) from the top left corner."""
    side = _sides(mesh)
    flat = _project(mesh, side)
    chart = _split_overlaps(flat, _charts(mesh.faces, side))
    source, faces, corner = _split(mesh.faces, chart)
    packed = _pack(flat, chart, size)
    return source, faces, packed.reshape(-1, 2)[corner].astype(np.float32)


def _sides(mesh: Mesh) -> Ids:
    """(F,) which of +x, -x, +y, -y, +z, -z each triangle faces, by the mean normal of its neighbourhood."""
    areas, normals = face_areas_and_normals(mesh.vertices, mesh.faces)
    neighbours = _adjacency(mesh.faces)
    smooth = normals * areas[:, None]
    for _ in range(SMOOTHING_ROUNDS):
        smooth = smooth + neighbours @ smooth
    axis = np.abs(smooth).argmax(axis=1)
    towards = normals[np.arange(len(axis)), axis]
    own = np.abs(normals).argmax(axis=1)
    axis = np.where(np.abs(towards) < MIN_FACING, own, axis)
    return np.asarray(axis * 2 + (normals[np.arange(len(axis)), axis] < 0), dtype=np.int64)


def _adjacency(faces: NDArray[np.int32]) -> coo_matrix:
    """(F, F) sparse: triangles that share an edge."""
    one, other = (half_edges // 3 for half_edges in shared_edges(faces))
    shape = (len(faces), len(faces))
    return coo_matrix((np.ones(2 * len(one)), (np.r_[one, other], np.r_[other, one])), shape=shape).tocsr()


def _charts(faces: NDArray[np.int32], side: Ids) -> Ids:
    """(F,) the connected patch of triangles of the same side that each belongs to."""
    links = _adjacency(faces).tocoo()
    same = side[links.row] == side[links.col]
    graph = coo_matrix((links.data[same], (links.row[same], links.col[same])), shape=links.shape)
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _project(mesh: Mesh, side: Ids) -> Plane:
    """(F, 3, 2) corners in scene units, projected onto each triangle's side, x right and y down."""
    right = np.array([[0, 1, 0], [0, -1, 0], [-1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]], dtype=np.float64)
    down = np.array([[0, 0, -1], [0, 0, -1], [0, 0, -1], [0, 0, -1], [1, 0, 0], [-1, 0, 0]], dtype=np.float64)
    corners = mesh.vertices.astype(np.float64)[mesh.faces]
    return np.stack(
        [np.einsum("fkc,fc->fk", corners, right[side]), np.einsum("fkc,fc->fk", corners, down[side])], axis=2
    )


def _split_overlaps(flat: Plane, chart: Ids) -> Ids:
    """Charts renumbered so that none overlaps itself: triangles on top of others move to a chart of their own."""
    scale = (OVERLAP_SIZE - 1) / max(float(np.ptp(flat.reshape(-1, 2), axis=0).max()), 1e-9)
    pixels = (flat - flat.reshape(-1, 2).min(axis=0)) * scale
    layer = np.zeros(len(chart), dtype=np.int64)
    coverage = rasterize.rasterize(pixels, OVERLAP_SIZE)
    for _ in range(LAYERS):
        overlapping = _overlapping(coverage, chart * (LAYERS + 1) + layer)
        if len(overlapping) == 0:
            break
        layer[overlapping] += 1
    alone = np.flatnonzero(layer == LAYERS)
    key = chart * (LAYERS + 1) + layer
    key[alone] = key.max() + 1 + np.arange(len(alone))
    return np.asarray(np.unique(key, return_inverse=True)[1], dtype=np.int64)


def _overlapping(coverage: rasterize.Coverage, chart: Ids) -> Ids:
    """Triangles that cover a pixel of their chart which an earlier triangle covers."""
    key = chart[coverage.face] * OVERLAP_SIZE * OVERLAP_SIZE + coverage.pixel
    order = np.lexsort((coverage.face, key))
    again = order[1:][key[order][1:] == key[order][:-1]]
    return np.unique(coverage.face[again])


def _split(faces: NDArray[np.int32], chart: Ids) -> tuple[Ids, NDArray[np.int32], Ids]:
    """A vertex for each pair of an original and a chart: the original, the faces, and one of the corners at it."""
    span = int(faces.max()) + 1
    key = np.repeat(chart, 3) * span + faces.ravel()
    pairs, corner, index = np.unique(key, return_index=True, return_inverse=True)
    return pairs % span, index.reshape(-1, 3).astype(np.int32), np.asarray(corner, dtype=np.int64)


@dataclass(frozen=True)
class _Boxes:
    """Bounding boxes of the charts in scene units: `low` (C, 2), `extent` (C, 2)."""

    low: Plane
    extent: Plane


def _pack(flat: Plane, chart: Ids, size: int) -> Plane:
    """(F, 3, 2) corners in [0, 1]: charts in rows by decreasing height, at the largest common scale that fits."""
    boxes = _boxes(flat, chart)
    low, high = 0.0, size / max(float(boxes.extent.max()), 1e-9)
    for _ in range(SCALE_BISECTIONS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _shelves(boxes, middle, size) is not None else (low, middle)
    corners = _shelves(boxes, low, size)
    if corners is None:
        corners, low = np.zeros_like(boxes.low), 0.0
    return (corners[chart][:, None] + (flat - boxes.low[chart][:, None]) * low) / size


def _boxes(flat: Plane, chart: Ids) -> _Boxes:
    count = int(chart.max()) + 1
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    np.minimum.at(low, chart, flat.min(axis=1))
    np.maximum.at(high, chart, flat.max(axis=1))
    return _Boxes(low, high - low)


def _shelves(boxes: _Boxes, scale: float, size: int) -> Plane | None:
    """(C, 2) top left corners in texels, or None when the charts do not fit at this scale."""
    needed = boxes.extent * scale + PADDING
    corners = np.zeros_like(needed)
    x = y = float(PADDING)
    height = 0.0
    for index in np.argsort(-needed[:, 1], kind="stable"):
        if x + needed[index, 0] > size:
            x, y, height = float(PADDING), y + height, 0.0
        height = max(height, float(needed[index, 1]))
        if x + needed[index, 0] > size or y + height > size:
            return None
        corners[index] = x, y
        x += float(needed[index, 0])
    return corners
