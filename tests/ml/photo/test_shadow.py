"""Shadows on the ground are cut off; objects of the ground's colour are not."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.core.masks import Mask
from ml.photo.cutout import find
from ml.photo.decode import Photo
from ml.photo.shadow import find_shadow
from tests.ml.photo.test_cutout import ball, table

SIZE = 800


def disk(centre: tuple[int, int], axes: tuple[int, int]) -> Mask:
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.ellipse(mask, centre, axes, 0, 0, 360, 1, -1)
    return mask > 0


BALL = disk((400, 400), (158, 158))


def scene(strength: float = 0.5) -> tuple[NDArray[np.uint8], Mask]:
    """A ball on a table, and its soft shadow."""
    fall = cv2.GaussianBlur(disk((440, 545), (230, 50)).astype(np.float32), (0, 0), 18.0)
    ground = np.asarray(table(SIZE), np.float32) * (1.0 - strength * fall[..., None])
    picture = Image.fromarray(ground.astype(np.uint8))
    ball(320, (240, 240), picture)
    return np.asarray(picture), (fall > 0.25) & ~BALL


def test_a_soft_shadow_is_found_and_the_object_stays() -> None:
    picture, shadow = scene()
    found = find_shadow(picture, (BALL | shadow).astype(np.float32))
    assert found is not None
    assert (found & shadow).sum() > 0.8 * shadow.sum()
    assert (found & BALL).sum() < 0.01 * BALL.sum()


def test_without_a_shadow_in_the_mask_nothing_is_found() -> None:
    picture, _ = scene()
    assert find_shadow(picture, BALL.astype(np.float32)) is None


def test_a_grey_foot_with_sharp_edges_is_no_shadow() -> None:
    picture, _ = scene(strength=0.0)
    foot = disk((400, 560), (200, 40))
    painted = np.where((foot & ~BALL)[..., None], np.uint8(150), picture)
    assert find_shadow(painted, (BALL | foot).astype(np.float32)) is None


def cut_out(shadow_opacity: float) -> NDArray[np.uint8]:
    """A ball that was cut out together with a soft black shadow."""
    fall = cv2.GaussianBlur(disk((440, 545), (230, 50)).astype(np.float32), (0, 0), 14.0)
    alpha = np.maximum(BALL.astype(np.float32), shadow_opacity * fall)
    color = np.asarray(scene()[0]) * BALL[..., None]
    return np.dstack([color, (255 * alpha).astype(np.uint8)]).astype(np.uint8)


def test_a_shadow_in_the_transparency_is_cut_off() -> None:
    opacity, method, notes = find(Photo(cut_out(0.8), (SIZE, SIZE)))
    assert (method, "shadow_removed" in [entry.code for entry in notes]) == ("transparency", True)
    assert ((opacity > 0.5) & ~BALL).sum() < 0.02 * BALL.sum()
    assert (opacity > 0.5)[BALL].mean() > 0.99


def test_transparency_that_was_chosen_stays_as_it_is() -> None:
    opacity, _, notes = find(Photo(cut_out(0.8), (SIZE, SIZE)), mask="alpha")
    assert "shadow_removed" not in [entry.code for entry in notes]
    assert ((opacity > 0.5) & ~BALL).sum() > 0.1 * BALL.sum()
