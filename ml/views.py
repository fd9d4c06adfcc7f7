"""Pictures of the finished model: turntable, poster, video and the check against the photo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ml.camera import Camera
from ml.texture import TexturedMesh

if TYPE_CHECKING:
    from ml.cutout import Cutout


def render(model: TexturedMesh, camera: Camera, size: int, shaded: bool = True) -> NDArray[np.uint8]:
    """(size, size, 4) uint8 sRGB picture with straight alpha of the model seen by `camera`."""
    raise NotImplementedError


def turntable(
    model: TexturedMesh,
    out_dir: Path,
    *,
    count: int,
    size: int,
    elevation: float,
    on_step: Callable[[float], None] | None = None,
) -> None:
    """Write one full turn: frames, poster and video. Frame 0 is seen from the photo's side."""
    raise NotImplementedError


def self_check(model: TexturedMesh, cutout: Cutout, camera: Camera) -> dict[str, float]:
    """How well the model seen by the photo's camera agrees with the cutout: `silhouette_iou`, `psnr_db`."""
    raise NotImplementedError


def contact_sheet(model: TexturedMesh, path: Path, size: int = 256) -> None:
    """Eight sides of the model in one picture, for developers."""
    raise NotImplementedError
