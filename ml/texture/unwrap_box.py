"""Box projection: the mesh flattened from the six sides of a box. Fast whatever the mesh; more seams than xatlas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ml.mesh.geometry import face_areas_and_normals
from ml.mesh.mesh import Mesh
from ml.texture import rasterize

SMOOTHING_ROUNDS = 4
PROBE = 1024
"""Pixels a side of the grid on which overlaps within a chart are looked for."""
LAYERS = 8
"""How often a chart that folds over itself is split before its last triangles become charts of their own."""
PADDING = 2
"""Texels between charts."""

Ids = NDArray[np.int64]
Plane = NDArray[np.float64]


def unwrap(mesh: Mesh, size: int) -> tuple[Ids, NDArray[np.int32], NDArray[np.float32]]:
    """Old vertex behind each new one (N,), faces (F, 3) in the old order, uv (N, 2) from the top left corner."""
    side = _sides(mesh)
    flat = _projected(mesh, side)
    chart = _without_folds(flat, _charts(mesh.faces, side))
    source, faces, corner = _split(mesh.faces, chart)
    placed = _packed(flat, chart, size)
    return source, faces, placed.reshape(-1, 2)[corner].astype(np.float32)


def _sides(mesh: Mesh) -> Ids:
    """(F,) which of +x, -x, +y, -y, +z, -z each triangle looks at, by a normal averaged over its neighbours."""
    areas, normals = face_areas_and_normals(mesh.vertices, mesh.faces)
    neighbours = _adjacency(mesh.faces, np.ones(len(mesh.faces) * 3, bool))
    smooth = normals * areas[:, None]
    for _ in range(SMOOTHING_ROUNDS):
        smooth = smooth + neighbours @ smooth
    axis = np.abs(smooth).argmax(axis=1)
    towards = normals[np.arange(len(axis)), axis]
    own = np.abs(normals).argmax(axis=1)
    axis = np.where(np.abs(towards) < 0.2, own, axis)
    return np.asarray(axis * 2 + (normals[np.arange(len(axis)), axis] < 0), dtype=np.int64)


def _adjacency(faces: NDArray[np.int32], kept: NDArray[np.bool_]) -> coo_matrix:
    """(F, F) sparse: triangles that share an edge. `kept` (3F,) drops half edges."""
    start, end = faces.ravel().astype(np.int64), np.roll(faces, -1, axis=1).ravel().astype(np.int64)
    span = int(faces.max()) + 1
    key = np.minimum(start, end) * span + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    paired = np.flatnonzero((key[order][1:] == key[order][:-1]) & kept[order][1:] & kept[order][:-1])
    one, other = order[paired] // 3, order[paired + 1] // 3
    shape = (len(faces), len(faces))
    return coo_matrix((np.ones(2 * len(one)), (np.r_[one, other], np.r_[other, one])), shape=shape).tocsr()


def _charts(faces: NDArray[np.int32], side: Ids) -> Ids:
    """(F,) the connected patch of triangles of one side that each belongs to."""
    links = _adjacency(faces, np.ones(faces.size, bool)).tocoo()
    same = side[links.row] == side[links.col]
    graph = coo_matrix((links.data[same], (links.row[same], links.col[same])), shape=links.shape)
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _projected(mesh: Mesh, side: Ids) -> Plane:
    """(F, 3, 2) corners in scene units, seen straight at each triangle's side, x right and y down."""
    right = np.array([[0, 1, 0], [0, -1, 0], [-1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]], dtype=np.float64)
    down = np.array([[0, 0, -1], [0, 0, -1], [0, 0, -1], [0, 0, -1], [1, 0, 0], [-1, 0, 0]], dtype=np.float64)
    corners = mesh.vertices.astype(np.float64)[mesh.faces]
    return np.stack(
        [np.einsum("fkc,fc->fk", corners, right[side]), np.einsum("fkc,fc->fk", corners, down[side])], axis=2
    )


def _without_folds(flat: Plane, chart: Ids) -> Ids:
    """Charts renumbered so that none covers a place twice: triangles over others move to a chart of their own."""
    scale = (PROBE - 1) / max(float(np.ptp(flat.reshape(-1, 2), axis=0).max()), 1e-9)
    pixels = (flat - flat.reshape(-1, 2).min(axis=0)) * scale
    layer = np.zeros(len(chart), dtype=np.int64)
    covered = rasterize.cover(pixels, PROBE)
    for _ in range(LAYERS):
        folded = _folded(covered, chart * (LAYERS + 1) + layer)
        if len(folded) == 0:
            break
        layer[folded] += 1
    alone = np.flatnonzero(layer == LAYERS)
    key = chart * (LAYERS + 1) + layer
    key[alone] = key.max() + 1 + np.arange(len(alone))
    return np.asarray(np.unique(key, return_inverse=True)[1], dtype=np.int64)


def _folded(covered: rasterize.Coverage, chart: Ids) -> Ids:
    """Triangles that cover a pixel of their chart which a triangle before them has."""
    key = chart[covered.face] * PROBE * PROBE + covered.pixel
    order = np.lexsort((covered.face, key))
    again = order[1:][key[order][1:] == key[order][:-1]]
    return np.unique(covered.face[again])


def _split(faces: NDArray[np.int32], chart: Ids) -> tuple[Ids, NDArray[np.int32], Ids]:
    """One new vertex for each pair of an old one and a chart; also a corner of the face list that it stands for."""
    span = int(faces.max()) + 1
    key = np.repeat(chart, 3) * span + faces.ravel()
    pairs, corner, index = np.unique(key, return_index=True, return_inverse=True)
    return pairs % span, index.reshape(-1, 3).astype(np.int32), np.asarray(corner, dtype=np.int64)


@dataclass(frozen=True)
class _Boxes:
    """Charts' boxes in scene units: `low` (C, 2), `extent` (C, 2)."""

    low: Plane
    extent: Plane


def _packed(flat: Plane, chart: Ids, size: int) -> Plane:
    """(F, 3, 2) corners in [0, 1]: charts in rows by falling height, at the largest common scale that fits."""
    boxes = _boxes(flat, chart)
    low, high = 0.0, size / max(float(boxes.extent.max()), 1e-9)
    for _ in range(24):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _shelves(boxes, middle, size) is not None else (low, middle)
    places = _shelves(boxes, low, size)
    if places is None:
        places, low = np.zeros_like(boxes.low), 0.0
    return (places[chart][:, None] + (flat - boxes.low[chart][:, None]) * low) / size


def _boxes(flat: Plane, chart: Ids) -> _Boxes:
    count = int(chart.max()) + 1
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    np.minimum.at(low, chart, flat.min(axis=1))
    np.maximum.at(high, chart, flat.max(axis=1))
    return _Boxes(low, high - low)


def _shelves(boxes: _Boxes, scale: float, size: int) -> Plane | None:
    """(C, 2) top left corners in texels, or None when the charts do not fit at this scale."""
    need = boxes.extent * scale + PADDING
    places = np.zeros_like(need)
    x = y = float(PADDING)
    height = 0.0
    for index in np.argsort(-need[:, 1], kind="stable"):
        if x + need[index, 0] > size:
            x, y, height = float(PADDING), y + height, 0.0
        height = max(height, float(need[index, 1]))
        if x + need[index, 0] > size or y + height > size:
            return None
        places[index] = x, y
        x += float(need[index, 0])
    return places
