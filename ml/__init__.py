"""From photos to a 3D model: `reconstruct(photos, recipe, out_dir)`; `remix` makes another model from its scene.

Both are imported on first use, because web processes need the recipe and the errors but must not load torch.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ml.errors import ReconstructionError, Stopped
from ml.recipe import Recipe

if TYPE_CHECKING:
    from ml.pipeline.reconstruct import Reconstruction, reconstruct, remix

# Read when torch is loaded: how often an idle thread looks for work before it sleeps. By default it keeps its core busy
# for milliseconds after each operation, which other threads of a job need; this is long enough between two operations.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

__all__ = ["Recipe", "Reconstruction", "ReconstructionError", "Stopped", "reconstruct", "remix"]


def __getattr__(name: str) -> Any:
    if name in ("reconstruct", "remix", "Reconstruction"):
        from ml.pipeline import reconstruct

        return getattr(reconstruct, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
