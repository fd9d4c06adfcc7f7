"""From a mesh, its scene and the photo to a textured mesh."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ml.mesh import Mesh
from ml.scene import Scene

if TYPE_CHECKING:
    from ml.cutout import Cutout


@dataclass(frozen=True)
class TexturedMesh:
    """A mesh that is split at its texture's seams: split vertices share position and normal.

    `uv` (V, 2) float32 in [0, 1] from the texture's top left corner; `texture` (S, S, 3) uint8 sRGB.
    """

    mesh: Mesh
    uv: NDArray[np.float32]
    texture: NDArray[np.uint8]


def bake(
    mesh: Mesh, scene: Scene, cutout: Cutout, size: int, on_step: Callable[[float], None] | None = None
) -> TexturedMesh:
    """Unwrap the mesh and paint a `size` x `size` texture: the photo where it looks, the scene elsewhere."""
    raise NotImplementedError
