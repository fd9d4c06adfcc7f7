"""Files of the finished model: OBJ, STL, GLB, and the light preview."""

from __future__ import annotations

from pathlib import Path

from ml.mesh import Mesh
from ml.scene import Scene
from ml.texture import TexturedMesh


def preview(mesh: Mesh, scene: Scene, path: Path) -> None:
    """Write a light GLB with vertex colours."""
    raise NotImplementedError


def write(model: TexturedMesh, out_dir: Path, height_mm: float) -> None:
    """Write the model's OBJ with its MTL and PNG, STL and GLB into `out_dir`."""
    raise NotImplementedError
