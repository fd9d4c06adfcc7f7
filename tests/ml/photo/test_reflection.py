"""A mirror image on the ground is told from the lower part of an object."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ml.photo.correction import correct
from ml.photo.reflection import find_reflection
from tests.ml.photo.test_cutout import ball, table

SIZE, GROUND = 800, 520


def figure(canvas: Image.Image) -> None:
    """A ball on a striped block."""
    draw = ImageDraw.Draw(canvas)
    for stripe in range(6):
        color = (200, 60, 40) if stripe % 2 else (30, 50, 150)
        draw.rectangle((320, 400 + 20 * stripe, 480, 420 + 20 * stripe), fill=color)
    ball(140, (330, 265), canvas)


def scene(strength: float, end: float = 0.4) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The figure on a shiny table: picture, and the mask of figure and mirror image."""
    canvas = table(SIZE)
    empty = np.asarray(canvas, np.float32)
    figure(canvas)
    above = np.asarray(canvas, np.float32)
    inside = np.abs(above - empty).max(axis=2) > 12
    inside[GROUND:] = False
    height = 200
    picture, mask = above.copy(), inside.copy()
    mirrored, shown = above[GROUND - height : GROUND][::-1], inside[GROUND - height : GROUND][::-1]
    fade = strength * np.linspace(1.0, end, height)[:, None, None]
    blend = empty[GROUND : GROUND + height] * (1.0 - fade) + mirrored * fade
    picture[GROUND : GROUND + height] = np.where(shown[..., None], blend, empty[GROUND : GROUND + height])
    mask[GROUND : GROUND + height] = shown
    return picture.astype(np.uint8), mask.astype(np.float32)


def test_a_mirror_image_is_cut_off_and_the_object_stays() -> None:
    picture, mask = scene(0.5)
    opacity, notes = correct(picture, mask)
    assert [entry.code for entry in notes] == ["reflection_removed"]
    assert np.array_equal(opacity[: GROUND - 4], mask[: GROUND - 4])
    assert opacity[GROUND + 4 :].max() == 0.0


def test_an_object_that_is_symmetric_is_no_mirror_image() -> None:
    assert find_reflection(*scene(1.0, end=1.0)) is None


def column(foot: tuple[int, int, int]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A black column with a foot of one colour on a white ground."""
    canvas, shape = Image.new("RGB", (SIZE, SIZE), (250, 250, 250)), Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(canvas).rectangle((340, 200, 460, 500), fill=(20, 20, 20))
    ImageDraw.Draw(canvas).rectangle((340, 500, 460, 600), fill=foot)
    ImageDraw.Draw(shape).rectangle((340, 200, 460, 600), fill=255)
    return np.asarray(canvas), (np.asarray(shape) > 0).astype(np.float32)


def test_a_grey_foot_under_a_black_column_stays_and_a_note_says_so() -> None:
    picture, mask = column((140, 140, 140))
    opacity, notes = correct(picture, mask)
    assert np.array_equal(opacity, mask)
    assert [entry.code for entry in notes] == ["ground_doubt"]


def test_a_foot_of_its_own_colour_gets_no_note() -> None:
    picture, mask = column((200, 60, 40))
    assert correct(picture, mask)[1] == ()
