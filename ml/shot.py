"""One photo of the object as the later stages need it: its cutout, and the camera that took it."""

from __future__ import annotations

from dataclasses import dataclass

from ml.camera import Camera
from ml.cutout import Cutout


@dataclass(frozen=True)
class Shot:
    """A cutout and where it was taken from, in the canonical frame."""

    cutout: Cutout
    camera: Camera
