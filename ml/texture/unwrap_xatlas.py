"""Runs xatlas on arrays from standard input: a program of its own, so that it can be ended when it takes too long.

In: .npz with vertices (V, 3), faces (F, 3), size, seconds. Out: .npz with source (N,), faces (F, 3), uv (N, 2).
It imports nothing of this package, which keeps its start short. It counts its own processor seconds, not those on the
clock, so that a busy machine gives the same layout as an idle one.
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
"""Triangles that are laid out together: xatlas' time grows faster than their number."""


def main() -> None:
    """Unwrap once; one round of chart growing is enough, more rounds cost seconds and change little."""
    with np.load(io.BytesIO(sys.stdin.buffer.read())) as given:
        vertices, faces, size, seconds = (given[name] for name in ("vertices", "faces", "size", "seconds"))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    atlas, pieces = xatlas.Atlas(), _pieces(vertices[faces].mean(axis=1), np.arange(len(faces)))
    used = []
    for piece in pieces:
        own, local = np.unique(faces[piece], return_inverse=True)
        atlas.add_mesh(vertices[own], local.reshape(-1, 3).astype(np.uint32))
        used.append(own)
    atlas.generate(*_options(int(size)))
    source, joined, uv = _joined(atlas, pieces, used, len(faces))
    np.savez(sys.stdout.buffer, source=source, faces=joined, uv=uv)


def _pieces(middles: NDArray[Any], ids: NDArray[Any]) -> list[NDArray[Any]]:
    """Triangles by place: halved across the longest side until each piece is small."""
    if len(ids) <= PIECE:
        return [ids]
    axis = np.ptp(middles[ids], axis=0).argmax()
    order = ids[np.argsort(middles[ids, axis], kind="stable")]
    return _pieces(middles, order[: len(ids) // 2]) + _pieces(middles, order[len(ids) // 2 :])


def _options(size: int) -> tuple[xatlas.ChartOptions, xatlas.PackOptions]:
    charts, packing = xatlas.ChartOptions(), xatlas.PackOptions()
    charts.max_iterations = 1
    packing.resolution, packing.padding, packing.bilinear = size, max(2, size // 512), True
    return charts, packing


def _joined(
    atlas: xatlas.Atlas, pieces: list[NDArray[Any]], used: list[NDArray[Any]], count: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The pieces as one mesh again, triangles in their old order."""
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
