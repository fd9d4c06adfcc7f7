"""From photos to a 3D model: `reconstruct(photos, recipe, out_dir)`; `remix` makes another model from its scene.

Both are imported on first use, because web processes need the recipe and the errors but must not load torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ml.errors import ReconstructionError, Stopped
from ml.recipe import Recipe

if TYPE_CHECKING:
    from ml.pipeline.reconstruct import Reconstruction, reconstruct, remix

__all__ = ["Recipe", "Reconstruction", "ReconstructionError", "Stopped", "reconstruct", "remix"]


def __getattr__(name: str) -> Any:
    if name in ("reconstruct", "remix", "Reconstruction"):
        from ml.pipeline import reconstruct

        return getattr(reconstruct, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
