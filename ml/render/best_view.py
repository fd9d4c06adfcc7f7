"""The view for poster and cards: a three-quarter view of the photo's side, with a large silhouette and much detail."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ml.core.images import GREY, blend
from ml.render.mesh_renderer import Picture

CANDIDATES = (-30.0, 30.0, -20.0, 20.0, -40.0, 40.0, -50.0, 50.0)
"""Azimuths in degrees from the photo's side; the earlier of two equally good ones is chosen. Less shows no depth, more
turns away from what the photo shows."""
SIZE = 96
"""Side in pixels of the pictures that are compared."""
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of red, green and blue in the brightness (ITU-R BT.709)."""


def best_azimuth(render: Callable[[float, int], Picture], candidates: Sequence[float] = CANDIDATES) -> float:
    """The candidate with the largest sum of silhouette and detail, each relative to the best of all candidates.

    `render(azimuth, size)` gives a square picture with straight alpha.
    """
    scores = np.array([_area_and_detail(render(azimuth, SIZE)) for azimuth in candidates])
    relative = scores / np.maximum(scores.max(axis=0), 1e-9)
    return candidates[int(np.round(relative.sum(axis=1), 3).argmax())]


def _area_and_detail(picture: Picture) -> tuple[float, float]:
    """Fraction of the picture that the object covers, and the mean change of brightness between pixels inside it."""
    inside = picture[..., 3] > 127
    brightness = blend(picture, GREY) @ LUMA / 255.0
    across = np.abs(np.diff(brightness, axis=1))[inside[:, 1:] & inside[:, :-1]]
    down = np.abs(np.diff(brightness, axis=0))[inside[1:] & inside[:-1]]
    return float(inside.mean()), float(across.sum() + down.sum()) / inside.size
