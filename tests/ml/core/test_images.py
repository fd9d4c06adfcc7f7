"""Pictures: compositing on a colour, bilinear sampling and linear light."""

from __future__ import annotations

import numpy as np
import pytest

from ml.core.images import GREY, WHITE, bilinear, blend, composite, to_bytes, to_linear


def one_pixel(*values: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.array([[values]], np.uint8)


def test_a_transparent_pixel_takes_the_background_colour() -> None:
    assert composite(one_pixel(9, 9, 9, 0), (10.0, 20.0, 30.0)).tolist() == [[[10, 20, 30]]]


def test_an_opaque_pixel_keeps_its_colour() -> None:
    assert composite(one_pixel(1, 2, 3, 255), WHITE).tolist() == [[[1, 2, 3]]]


def test_a_half_transparent_pixel_is_mixed_and_rounded() -> None:
    assert composite(one_pixel(0, 100, 255, 128), WHITE).tolist() == [[[127, 177, 255]]]


def test_blending_on_grey_is_not_rounded() -> None:
    assert blend(one_pixel(0, 0, 0, 0), GREY).tolist() == [[[127.5, 127.5, 127.5]]]


def test_a_picture_without_alpha_is_returned_unchanged() -> None:
    picture = one_pixel(1, 2, 3)
    assert composite(picture, WHITE) is picture


def test_bilinear_sampling_interpolates_between_pixel_centres() -> None:
    picture = np.array([[0.0, 1.0], [2.0, 3.0]], np.float32)
    columns, rows = np.array([0.5, 0.0, -5.0], np.float32), np.array([0.5, 1.0, 9.0], np.float32)
    assert bilinear(picture, columns, rows).tolist() == [1.5, 2.0, 2.0]


def test_middle_grey_is_about_a_fifth_of_the_light() -> None:
    assert to_linear(np.array([0.0, 0.5, 1.0])).tolist() == pytest.approx([0.0, 0.214, 1.0], abs=1e-3)


def test_values_outside_zero_to_one_are_clipped() -> None:
    assert to_bytes(np.array([-1.0, 0.5, 2.0])).tolist() == [0, 128, 255]
