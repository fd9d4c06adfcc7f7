"""What a canvas shows, as pixels."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator

Pixels = NDArray[np.float32]

MOST_PICTURES = 60
"""A model that has stopped turning runs out in as many frames at most: OrbitControls takes 8 % of its speed in each."""


def pixels(shown: Locator) -> Pixels:
    """What an element shows now, (H, W, 3) in levels."""
    return np.asarray(Image.open(io.BytesIO(shown.screenshot())).convert("RGB"), dtype=np.float32)


def still_pixels(shown: Locator) -> Pixels:
    """What an element shows once two pictures in a row are the same."""
    before = pixels(shown)
    for _picture in range(MOST_PICTURES):
        now = pixels(shown)
        if np.array_equal(now, before):
            return now
        before = now
    pytest.fail("It never stands still.")
