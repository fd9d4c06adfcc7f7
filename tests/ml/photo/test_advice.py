"""Advice on a photo: one message for each problem, none for a good photo."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from ml.notes import Note
from ml.photo.advice import advise
from ml.photo.decode import Photo

SIDE = 600


def pot(at: int = 150, size: int = 300) -> tuple[Image.Image, Image.Image]:
    """A patterned square on a grey background, and its mask."""
    background, mask = Image.new("RGB", (SIDE, SIDE), (128, 130, 126)), Image.new("L", (SIDE, SIDE))
    box = (at, at, at + size, at + size)
    ImageDraw.Draw(background).rectangle(box, fill=(180, 70, 50))
    ImageDraw.Draw(background).ellipse(
        (at + size // 4, at + size // 4, at + size // 2, at + size // 2), fill=(40, 60, 120)
    )
    ImageDraw.Draw(mask).rectangle(box, fill=255)
    return background, mask


def advice_on(picture: Image.Image, mask: Image.Image, original: int = 2000, own: bool = False) -> tuple[Note, ...]:
    photo = Photo(np.asarray(picture), (original, original))
    return advise(photo, np.asarray(mask, dtype=np.float32) / 255.0, framed_by_user=own)


def codes(*arguments: object, **more: object) -> list[str]:
    return [advice.code for advice in advice_on(*arguments, **more)]  # type: ignore[arg-type]


def test_a_good_photo_gets_no_advice() -> None:
    assert codes(*pot()) == []


def test_a_small_object_is_reported_with_its_length() -> None:
    (advice,) = advice_on(*pot(), original=400)
    assert advice.code == "too_small"
    assert "201 pixels" in advice.message
    assert "Move closer" in advice.message


def test_an_object_that_fills_a_small_photo_needs_a_larger_one() -> None:
    (advice,) = advice_on(*pot(at=30, size=540), original=200)
    assert "Move closer" not in advice.message


@pytest.mark.parametrize(("blur", "expected"), [(0, []), (1, []), (7, ["blurred"]), (12, ["blurred"])])
def test_blur_is_reported_if_the_network_would_see_it(blur: int, expected: list[str]) -> None:
    picture, mask = pot()
    assert codes(picture.filter(ImageFilter.GaussianBlur(blur)), mask) == expected


def test_a_low_contrast_object_does_not_count_as_blurred() -> None:
    picture, mask = pot()
    assert codes(picture.point(lambda level: 200 + level // 10), mask) == []


def test_the_edges_that_cut_off_the_object_are_named() -> None:
    (advice,) = advice_on(*pot(at=-40))
    assert advice.code == "cut_off"
    assert "at the left and top edges of the photo" in advice.message


def test_an_object_that_the_user_cut_out_may_touch_the_edge() -> None:
    assert codes(*pot(at=-40), own=True) == []


def test_several_objects_are_counted() -> None:
    picture, mask = pot(at=40, size=220)
    ImageDraw.Draw(mask).rectangle((340, 340, 540, 540), fill=255)
    (advice,) = advice_on(picture, mask)
    assert advice.code == "several_objects"
    assert advice.message.startswith("2 separate objects")


def test_a_small_component_is_not_a_second_object() -> None:
    picture, mask = pot()
    ImageDraw.Draw(mask).rectangle((500, 500, 520, 520), fill=255)
    assert codes(picture, mask) == []


def test_an_empty_mask_gets_no_advice() -> None:
    picture, _ = pot()
    assert codes(picture, Image.new("L", picture.size)) == []
