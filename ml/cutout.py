"""The cutout: the object alone, centred in a square frame, and where it stood in the photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIZE = 512
"""Side of every cutout in pixels; what the networks see."""


@dataclass(frozen=True)
class Cutout:
    """The object without its background; the foreground's longer side fills `foreground_ratio` of the frame, centred.

    `rgba`: (512, 512, 4) uint8, straight alpha, sRGB.
    `box`: left, top, right, bottom of the frame in the upright photo's pixels; it may reach beyond the picture.
    `method`: "transparency", "rembg:<model>", "grabcut" or "none".
    `notes`: sentences for the user.
    """

    rgba: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    method: str
    notes: tuple[str, ...] = ()

    @property
    def alpha(self) -> NDArray[np.float32]:
        """(512, 512) float32 opacity in [0, 1]."""
        return self.rgba[..., 3].astype(np.float32) / 255.0

    def on_grey(self, grey: float = 0.5) -> NDArray[np.uint8]:
        """(512, 512, 3) uint8: the object on plain grey, as the networks were trained and as input.png shows it."""
        alpha = self.alpha[..., None]
        color = self.rgba[..., :3].astype(np.float32) * alpha + 255.0 * grey * (1.0 - alpha)
        return np.asarray(color.round(), dtype=np.uint8)
