"""Whose edge a picture's transparency follows."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ml.photo.transparency import follows_object, has_transparency, opacity


def rounded(radius: int, angle: float = 0.0, margin: int = 0) -> Image.Image:
    picture = Image.new("L", (390, 844), 0)
    ImageDraw.Draw(picture).rounded_rectangle((margin, margin, 389 - margin, 843 - margin), radius, fill=255)
    return picture.rotate(angle, expand=True)


def book() -> Image.Image:
    """Cropped tight: only the corners are transparent, rounder at the open side, and notches beside the spine."""
    picture = Image.new("L", (600, 800), 0)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((0, 0, 599, 799), 44, fill=255)
    draw.rectangle((0, 24, 40, 775), fill=255)
    return picture


def ellipse() -> Image.Image:
    picture = Image.new("L", (300, 400), 0)
    ImageDraw.Draw(picture).ellipse((0, 0, 299, 399), fill=255)
    return picture


FRAMES = {
    "a screenshot with rounded corners": rounded(40),
    "the same with a margin": rounded(40, margin=30),
    "a rotated photo": rounded(0, angle=7),
    "a photo with a margin": rounded(0, margin=20),
    "a rotated photo cropped to its frame": Image.new("L", (700, 700), 255).rotate(7),
}
OBJECTS = {"a book cropped tight": book(), "an ellipse": ellipse()}


def outline(picture: Image.Image) -> np.ndarray:
    return opacity(np.asarray(picture)) > 0.5


@pytest.mark.parametrize("name", FRAMES)
def test_the_frame_of_a_photo_is_not_an_object(name: str) -> None:
    assert not follows_object(outline(FRAMES[name]))


@pytest.mark.parametrize("name", OBJECTS)
def test_an_outline_is_an_object(name: str) -> None:
    assert follows_object(outline(OBJECTS[name]))


def test_opacity_is_relative_to_the_object() -> None:
    alpha = np.zeros((40, 40), np.uint8)
    alpha[10:30, 10:30] = 115
    assert opacity(alpha)[20, 20] == 1.0
    assert opacity(alpha)[0, 0] == 0.0


def test_faint_haze_is_no_transparency() -> None:
    pixels = np.full((8, 8, 4), 200, np.uint8)
    assert not has_transparency(pixels)
    pixels[0, 0, 3] = 20
    assert has_transparency(pixels)
