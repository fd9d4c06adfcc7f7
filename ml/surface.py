"""From a scene to the triangles of its surface."""

from __future__ import annotations

from collections.abc import Callable

from ml.mesh import Mesh
from ml.scene import Scene


def extract(
    scene: Scene, grid: int, threshold: float | None = None, on_step: Callable[[float], None] | None = None
) -> Mesh:
    """The closed surface where the scene's density crosses `threshold` (the scene's own when None)."""
    raise NotImplementedError
