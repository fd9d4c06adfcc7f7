"""Notes on what a photo shows: a drawing, an animal, a person; and none for anything else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage
from numpy.typing import NDArray
from PIL import Image

from ml.core.images import WHITE, composite
from ml.photo import content
from ml.photo.content import animal_probability, describe
from tests.ml.conftest import mushroom
from tests.ml.photo.test_cutout import ball, table

SAMPLES = Path(skimage.__file__).parent / "data"
"""Pictures that come with scikit-image, in the public domain."""


def sample(name: str) -> NDArray[np.uint8]:
    return np.asarray(Image.open(SAMPLES / name).convert("RGB"))


def codes(picture: NDArray[np.uint8]) -> list[str]:
    everything = np.ones(picture.shape[:2], bool)
    return [entry.code for entry in describe(picture, everything)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("chelsea.png", ["animal"]), ("astronaut.png", ["person"]), ("coffee.png", []), ("motorcycle_left.png", [])],
)
def test_a_photo_of_an_animal_or_a_person_gets_a_note(name: str, expected: list[str]) -> None:
    assert codes(sample(name)) == expected


def test_a_face_without_the_colours_of_skin_is_no_person() -> None:
    statue = sample("astronaut.png").mean(axis=2, keepdims=True).astype(np.uint8).repeat(3, axis=2)
    assert codes(statue) == []


def test_a_picture_of_a_few_flat_colours_is_a_drawing() -> None:
    drawing = np.asarray(mushroom())
    notes = describe(composite(drawing, WHITE), drawing[..., 3] > 127)
    assert [entry.code for entry in notes] == ["drawing"]


def test_a_shaded_object_gets_no_note() -> None:
    picture = table(400)
    ball(240, (80, 80), picture)
    inside = np.zeros((400, 400), bool)
    inside[80:320, 80:320] = True
    assert describe(np.asarray(picture), inside) == ()


def test_the_object_counts_and_not_what_lies_around_it() -> None:
    beside = np.full((600, 1000, 3), 255, np.uint8)
    beside[150:450, 50:501] = sample("chelsea.png")
    beside[100:500, 580:980] = np.asarray(table(400))
    inside = np.zeros(beside.shape[:2], bool)
    inside[100:500, 600:980] = True
    assert animal_probability(beside, inside) < content.MIN_ANIMAL
    assert animal_probability(beside, ~inside & (np.arange(1000) < 501)) > content.MIN_ANIMAL
