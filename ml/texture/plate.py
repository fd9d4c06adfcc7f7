"""A plate under a textured model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ml.mesh import base
from ml.texture.bake import TexturedMesh


def with_plate(model: TexturedMesh, mm_per_unit: float) -> TexturedMesh:
    """The model and a round plate under it, which has the colour of the model's lowest point."""
    plate = base.plate_under(model.mesh, mm_per_unit)
    lowest = model.uv[int(model.mesh.vertices[:, 2].argmin())]
    return replace(
        model,
        mesh=base.joined(model.mesh, plate),
        uv=np.concatenate([model.uv, np.tile(lowest, (len(plate.vertices), 1))]).astype(np.float32),
        observed=np.concatenate([model.observed, np.zeros(len(plate.vertices), np.float32)]),
    )
