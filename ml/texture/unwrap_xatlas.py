"""Runs xatlas on arrays from standard input: a separate program, so that it can be killed when it takes too long.

In: .npz with vertices (V, 3), faces (F, 3), size, seconds. Out: .npz with source (N,), faces (F, 3), uv (N, 2).
It imports nothing else from this package, to start quickly. The limit is on its own CPU time, not on wall time, so
that a busy machine produces the same layout as an idle one.
"""

from __future__ import annotations

import io
import resource
import sys
from typing import Any

import numpy as np
import xatlas
from numpy.typing import NDArray

PIECE = 1000
"""Most triangles that are laid out together: the time that xatlas takes grows faster than their number."""
MAX_COST = 0.7
"""Cost up to which a chart grows. With xatlas's own 2 it takes an eighth longer (five models of 40,000 triangles),
for up to 14 % fewer charts that fill the texture no better."""
MIN_PADDING, TEXELS_PER_PADDING = 2, 512
"""Texels between charts: at least 2, and one for every 512 of the texture's side."""


def main() -> None:
    """Unwrap one mesh."""
    with np.load(io.BytesIO(sys.stdin.buffer.read())) as arrays:
        vertices, faces, size, seconds = (arrays[name] for name in ("vertices", "faces", "size", "seconds"))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    atlas, pieces = xatlas.Atlas(), _pieces(vertices[faces].mean(axis=1), np.arange(len(faces)))
    used = []
    for piece in pieces:
        own, local = np.unique(faces[piece], return_inverse=True)
        atlas.add_mesh(vertices[own], local.reshape(-1, 3).astype(np.uint32))
        used.append(own)
    atlas.generate(*_options(int(size)))
    source, joined, uv = _join(atlas, pieces, used, len(faces))
    np.savez(sys.stdout.buffer, source=source, faces=joined, uv=uv)


def _pieces(middles: NDArray[Any], ids: NDArray[Any]) -> list[NDArray[Any]]:
    """Triangles grouped by position: halved across the longest side until each piece is small."""
    if len(ids) <= PIECE:
        return [ids]
    axis = np.ptp(middles[ids], axis=0).argmax()
    order = ids[np.argsort(middles[ids, axis], kind="stable")]
    return _pieces(middles, order[: len(ids) // 2]) + _pieces(middles, order[len(ids) // 2 :])


def _options(size: int) -> tuple[xatlas.ChartOptions, xatlas.PackOptions]:
    charts, packing = xatlas.ChartOptions(), xatlas.PackOptions()
    charts.max_iterations = 1  # further rounds take seconds and change little
    charts.max_cost = MAX_COST
    packing.resolution, packing.padding, packing.bilinear = size, max(MIN_PADDING, size // TEXELS_PER_PADDING), True
    return charts, packing


def _join(
    atlas: xatlas.Atlas, pieces: list[NDArray[Any]], used: list[NDArray[Any]], count: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The pieces as one mesh, triangles in their original order."""
    sources, layouts, start = [], [], 0
    faces = np.zeros((count, 3), np.int64)
    for index, piece in enumerate(pieces):
        source, local, uv = atlas.get_mesh(index)
        faces[piece] = local + start
        sources.append(used[index][source])
        layouts.append(uv)
        start += len(source)
    return np.concatenate(sources), faces, np.concatenate(layouts)


if __name__ == "__main__":
    main()
