from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ml.render.best_view import CANDIDATES, best_azimuth

Picture = NDArray[np.uint8]


def square(width: int, stripes: bool, size: int) -> Picture:
    """A grey object of this width in the middle of the picture, striped or plain."""
    picture = np.zeros((size, size, 4), np.uint8)
    left = (size - width) // 2
    picture[10:-10, left : left + width] = (90, 90, 90, 255)
    if stripes:
        picture[10:-10:8, left : left + width, :3] = 220
    return picture


def test_the_larger_silhouette_wins() -> None:
    assert best_azimuth(lambda azimuth, size: square(60 if azimuth == 40.0 else 30, False, size)) == 40.0


def test_the_side_with_more_detail_wins() -> None:
    assert best_azimuth(lambda azimuth, size: square(40, azimuth > 0.0, size)) == 30.0


def test_the_outline_itself_is_no_detail() -> None:
    """A white object differs from the background by more than a grey one, but has no more detail."""

    def render(azimuth: float, size: int) -> Picture:
        picture = square(40, False, size)
        picture[..., :3] = 255 if azimuth == 50.0 else 90
        return picture

    assert best_azimuth(render) == -30.0


def test_among_equal_views_the_usual_one_is_chosen() -> None:
    assert best_azimuth(lambda azimuth, size: square(40, True, size)) == CANDIDATES[0] == -30.0


def test_an_empty_picture_is_no_error() -> None:
    assert best_azimuth(lambda azimuth, size: np.zeros((size, size, 4), np.uint8)) == -30.0
