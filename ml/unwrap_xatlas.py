"""Runs xatlas on arrays from standard input: a program of its own, so that `ml.unwrap` can end it when it is slow.

In: .npz with vertices (V, 3), faces (F, 3), normals (V, 3), size. Out: .npz with source (N,), faces (F, 3), uv (N, 2).
It imports nothing of this package, which keeps its start short.
"""

from __future__ import annotations

import io
import sys

import numpy as np
import xatlas


def main() -> None:
    """Unwrap once; xatlas' first round of chart growing is enough, more rounds cost seconds and change little."""
    with np.load(io.BytesIO(sys.stdin.buffer.read())) as given:
        atlas = xatlas.Atlas()
        atlas.add_mesh(given["vertices"], given["faces"].astype(np.uint32), given["normals"])
        size = int(given["size"])
    charts, packing = xatlas.ChartOptions(), xatlas.PackOptions()
    charts.max_iterations = 1
    packing.resolution, packing.padding, packing.bilinear = size, max(2, size // 512), True
    atlas.generate(charts, packing)
    source, faces, uv = atlas.get_mesh(0)
    np.savez(sys.stdout.buffer, source=source, faces=faces, uv=uv)


if __name__ == "__main__":
    main()
