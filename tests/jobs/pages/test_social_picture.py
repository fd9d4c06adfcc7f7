"""The preview image for other sites."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from jobs.models import Job
from jobs.pages.social_picture import BACKGROUND, SIZE, social_picture
from ml import files
from tests.conftest import encoded, picture
from tests.jobs.models import add_file

pytestmark = pytest.mark.django_db

JPEG_TOLERANCE = 4
"""Levels of 255 by which JPEG may change a flat colour."""


def test_the_poster_is_centred_on_a_plain_background(job: Job) -> None:
    poster = add_file(job, files.POSTER, encoded(picture(), "WEBP"))
    image = Image.open(io.BytesIO(social_picture(poster)))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", SIZE)
    corner, centre = image.getpixel((0, 0)), image.getpixel((SIZE[0] // 2, SIZE[1] * 60 // 200))
    assert isinstance(corner, tuple)
    assert isinstance(centre, tuple)
    assert max(abs(value - expected) for value, expected in zip(corner, BACKGROUND, strict=True)) <= JPEG_TOLERANCE
    assert centre[0] > 150 > centre[1]  # the red lampshade
