"""UV unwrapping: by xatlas, or by box projection where xatlas takes too long."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.mesh.mesh import Mesh
from ml.texture import unwrap_box

TIME_LIMIT = 40
"""CPU seconds that xatlas may take; a mesh of 40,000 triangles needs about 2."""
MAX_TIME_LIMIT = 1200
"""CPU seconds that it may take when it is specified by name."""
WALL_TIME_FACTOR = 3
"""Seconds of wall time that it may take per CPU second, on a busy machine."""
PROGRAM = Path(__file__).with_name("unwrap_xatlas.py")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Layout:
    """A mesh split at seams.

    `source` (N,): the original of each new vertex; `faces` (F, 3): new vertices, triangles in their original order;
    `uv` (N, 2) float32 in [0, 1] from the top left corner; `method`: "xatlas" or "box".
    """

    source: NDArray[np.int64]
    faces: NDArray[np.int32]
    uv: NDArray[np.float32]
    method: str


def unwrap(mesh: Mesh, size: int, method: str = "auto", time_limit: int | None = None) -> Layout:
    """Lay the mesh out for a `size` x `size` texture without overlaps.

    `method`, one of `ml.recipe.UNWRAPS`: "auto" gives xatlas `time_limit` CPU seconds (`TIME_LIMIT` when None) before
    it falls back to box projection; "xatlas" allows `MAX_TIME_LIMIT`, so that a layout can be reproduced on a busy
    machine; "box" uses box projection only.
    """
    default = TIME_LIMIT if time_limit is None else time_limit
    limit = {"auto": default, "xatlas": MAX_TIME_LIMIT, "box": 0}[method]
    layout = _unwrap_by_xatlas(mesh, size, limit) if limit > 0 else None
    if layout is not None:
        return layout
    source, faces, uv = unwrap_box.unwrap(mesh, size)
    return Layout(source, faces, uv, "box")


@contextmanager
def unwrapping(mesh: Mesh, size: int, method: str = "auto") -> Iterator[Future[Layout]]:
    """`unwrap` beside whatever the block does: xatlas has a process of its own."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(unwrap, mesh, size, method)


def _unwrap_by_xatlas(mesh: Mesh, size: int, time_limit: int) -> Layout | None:
    """xatlas in a child process; None when it timed out, crashed or returned an incomplete layout."""
    request = io.BytesIO()
    np.savez(request, vertices=mesh.vertices, faces=mesh.faces, size=size, seconds=time_limit)
    command = [sys.executable, "-P", str(PROGRAM)]
    try:
        result = subprocess.run(
            command,
            input=request.getvalue(),
            capture_output=True,
            timeout=time_limit * WALL_TIME_FACTOR,
            check=True,
        )
    except (subprocess.SubprocessError, OSError) as error:
        log.warning("xatlas failed, falling back to box projection: %s", error)
        return None
    with np.load(io.BytesIO(result.stdout)) as arrays:
        layout = Layout(arrays["source"].astype(np.int64), arrays["faces"].astype(np.int32), arrays["uv"], "xatlas")
    return layout if _is_complete(layout, mesh) else None


def _is_complete(layout: Layout, mesh: Mesh) -> bool:
    """Whether it has every triangle, in the original order and inside the unit square."""
    same = np.array_equal(layout.source[layout.faces], mesh.faces)
    return bool(same and np.isfinite(layout.uv).all() and layout.uv.min() >= 0.0 and layout.uv.max() <= 1.0)
