"""One photo of the object as the later stages need it: its cutout and the camera that took it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ml import files
from ml.core.camera import Camera
from ml.photo.cutout import Cutout


@dataclass(frozen=True)
class PosedPhoto:
    """A cutout and the camera that took it, in the canonical frame.

    `number`: index of the photo, from 0. `side`: the side it shows, a name of `ml.recipe.SIDES` or an azimuth in
    degrees.
    """

    cutout: Cutout
    camera: Camera
    number: int = 0
    side: str | float = "front"

    def to_dict(self) -> dict[str, Any]:
        """An entry of `shots` in the report; `from_dict` reads it."""
        camera = asdict(self.camera) | {"target": list(self.camera.target)}
        return {"file": files.CUTOUTS[self.number], "side": self.side, "camera": camera}

    @classmethod
    def from_dict(cls, entry: dict[str, Any], cutout: Cutout) -> PosedPhoto:
        """The photo of a report entry, with the cutout read from its file. Raises KeyError, TypeError, ValueError."""
        camera = Camera(**entry["camera"] | {"target": tuple(entry["camera"]["target"])})
        return cls(cutout, camera, files.CUTOUTS.index(entry["file"]), entry["side"])
