"""A flat layout of the mesh for its texture: xatlas, and box projection where that takes too long."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.mesh.mesh import Mesh
from ml.texture import unwrap_box

TIME_LIMIT = 40
"""Processor seconds that xatlas may take; a mesh of 40,000 triangles needs about 2."""
LONGEST = 1200
"""Processor seconds that it may take where its layout is asked for by name."""
PATIENCE = 3
"""Seconds on the clock that it may take for each of those, on a busy machine."""
PROGRAM = Path(__file__).with_name("unwrap_xatlas.py")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Layout:
    """A mesh cut at seams: `source` (N,) the old vertex behind each new one, `faces` (F, 3) over the new ones in the
    old order, `uv` (N, 2) float32 in [0, 1] from the top left corner, `method` "xatlas" or "box"."""

    source: NDArray[np.int64]
    faces: NDArray[np.int32]
    uv: NDArray[np.float32]
    method: str


def unwrap(mesh: Mesh, size: int, method: str = "auto", time_limit: int | None = None) -> Layout:
    """Lay the mesh out for a `size` x `size` texture without overlaps.

    `method`, one of `ml.recipe.UNWRAPS`: auto gives xatlas `time_limit` processor seconds (`TIME_LIMIT` when None)
    before the box projects; xatlas gets `LONGEST`, so that a layout it found once is found again however busy the
    machine is; box projects at once.
    """
    usual = TIME_LIMIT if time_limit is None else time_limit
    limit = {"auto": usual, "xatlas": LONGEST, "box": 0}[method]
    found = _by_xatlas(mesh, size, limit) if limit > 0 else None
    if found is not None:
        return found
    source, faces, uv = unwrap_box.unwrap(mesh, size)
    return Layout(source, faces, uv, "box")


def _by_xatlas(mesh: Mesh, size: int, time_limit: int) -> Layout | None:
    """xatlas in a child process; None when it took too long, died or laid out only a part."""
    sent = io.BytesIO()
    np.savez(sent, vertices=mesh.vertices, faces=mesh.faces, size=size, seconds=time_limit)
    command = [sys.executable, "-P", str(PROGRAM)]
    patience = time_limit * PATIENCE
    try:
        answer = subprocess.run(command, input=sent.getvalue(), capture_output=True, timeout=patience, check=True)
    except (subprocess.SubprocessError, OSError) as error:
        log.warning("xatlas gave no layout, box projection takes over: %s", error)
        return None
    with np.load(io.BytesIO(answer.stdout)) as given:
        layout = Layout(given["source"].astype(np.int64), given["faces"].astype(np.int32), given["uv"], "xatlas")
    return layout if _fits(layout, mesh) else None


def _fits(layout: Layout, mesh: Mesh) -> bool:
    """Every triangle is there, at its old place in the list, inside the square."""
    same = np.array_equal(layout.source[layout.faces], mesh.faces)
    return bool(same and np.isfinite(layout.uv).all() and layout.uv.min() >= 0.0 and layout.uv.max() <= 1.0)
