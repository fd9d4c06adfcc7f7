"""The turn in one small picture, for cards that turn under the pointer: one request instead of thirty."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TILES = 12
"""Frames side by side; the cards' style sheet relies on it."""
SIDE = 240
"""Width and height of a frame, in pixels."""
QUALITY = 75
"""WebP quality, 0 to 100."""


def write(frames: Sequence[NDArray[np.uint8]], path: Path) -> None:
    """Write `TILES` of the (H, W, 3 or 4) frames of one turn, evenly spaced from the first, as a WebP strip.

    A turn with fewer frames repeats some of them.
    """
    strip = Image.new("RGBA", (TILES * SIDE, SIDE))
    for tile in range(TILES):
        frame = Image.fromarray(frames[tile * len(frames) // TILES])
        strip.paste(frame.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (tile * SIDE, 0))
    strip.save(path, quality=QUALITY, method=4)
