"""Shadows with sharp edges: cut off on a coloured ground, noted on a grey one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ml.photo.correction import correct
from tests.ml.photo.test_shadow import BALL, SIZE, disk

TEAL, GREY = (60.0, 150.0, 170.0), (190.0, 190.0, 190.0)
FALL = disk((470, 560), (260, 50)) & ~BALL


def scene(ground: tuple[float, float, float], fall: NDArray[np.bool_] = FALL) -> NDArray[np.uint8]:
    """A red ball and its shadow."""
    noise = np.random.default_rng(5).normal(0.0, 2.0, (SIZE, SIZE, 3))
    light = np.where(fall, 0.4, 1.0)[..., None]
    shading = np.linspace(1.0, 0.5, SIZE)[:, None, None]
    picture = np.where(BALL[..., None], np.array((210.0, 50.0, 40.0)) * shading, np.array(ground) * light)
    return (cv2.GaussianBlur(picture, (0, 0), 0.7) + noise).clip(0, 255).astype(np.uint8)


def test_on_a_coloured_ground_it_is_cut_off() -> None:
    opacity, notes = correct(scene(TEAL), (BALL | FALL).astype(np.float32))
    assert [entry.code for entry in notes] == ["shadow_removed"]
    assert ((opacity > 0.5) & FALL).sum() < 0.05 * FALL.sum()
    assert (opacity > 0.5)[BALL].mean() > 0.99


def test_on_a_grey_ground_it_stays_and_a_note_says_so() -> None:
    mask = (BALL | FALL).astype(np.float32)
    opacity, notes = correct(scene(GREY), mask)
    assert np.array_equal(opacity, mask)
    assert [entry.code for entry in notes] == ["ground_doubt"]


@pytest.mark.parametrize("ground", [TEAL, GREY])
def test_without_one_in_the_mask_there_is_no_note(ground: tuple[float, float, float]) -> None:
    mask = BALL.astype(np.float32)
    opacity, notes = correct(scene(ground), mask)
    assert (np.array_equal(opacity, mask), notes) == (True, ())


def test_the_lower_half_of_a_tyre_stays() -> None:
    tyre = disk((400, 400), (240, 240)) & ~disk((400, 400), (190, 190))
    mask = (BALL | tyre).astype(np.float32)
    opacity, _ = correct(scene(TEAL, tyre), mask)
    assert np.array_equal(opacity, mask)


def test_a_foot_wider_than_what_it_carries_and_nearly_of_the_ground_s_colour_gets_no_note() -> None:
    foot = disk((400, 600), (260, 50)) & ~BALL
    picture = scene(GREY, np.zeros_like(FALL)).astype(np.float32)
    picture[foot] = picture[foot] * 0.6 * np.array([1.0, 1.0, 1.06])
    mask = (BALL | foot).astype(np.float32)
    opacity, notes = correct(picture.clip(0, 255).astype(np.uint8), mask)
    assert np.array_equal(opacity, mask)
    assert notes == ()
