"""A mask whose lowest part fades into the ground is told from one that ends with the object."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ml.photo.correction import correct
from ml.photo.faded_edge import fades_out

SIZE, GROUND = 800, 500


def scene() -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """A red block above a blurred, fading image of something else: picture, mask of the block, mask of both."""
    noise = np.random.default_rng(1).normal(0.0, 2.0, (SIZE, SIZE, 3))
    block = Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(block).rectangle((300, 200, 500, GROUND), fill=1)
    fall = Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(fall).ellipse((280, GROUND - 80, 520, GROUND + 180), fill=1)
    alone = np.asarray(block, np.float32)
    fade = np.asarray(fall, np.float32) * np.linspace(2.2, -0.6, SIZE, dtype=np.float32)[:, None].clip(0.0, 0.6)
    strength = cv2.GaussianBlur(fade, (0, 0), 4.0)[..., None]
    picture = (
        np.full((SIZE, SIZE, 3), (205.0, 200.0, 190.0)) * (1.0 - strength) + np.array([90.0, 120.0, 60.0]) * strength
    )
    picture = np.where(alone[..., None] > 0, np.array([180.0, 50.0, 40.0]), picture) + noise
    both = np.maximum(alone, np.asarray(fall, np.float32))
    return picture.clip(0, 255).astype(np.uint8), alone, both


def test_a_mask_that_fades_into_the_ground_gets_a_note_and_stays() -> None:
    picture, _, both = scene()
    opacity, notes = correct(picture, both)
    assert np.array_equal(opacity, both)
    assert [entry.code for entry in notes] == ["ground_doubt"]


def test_a_mask_that_ends_with_the_object_gets_no_note() -> None:
    picture, alone, _ = scene()
    assert not fades_out(picture, alone)
    assert correct(picture, alone)[1] == ()


def test_an_empty_mask_fades_nowhere() -> None:
    assert not fades_out(scene()[0], np.zeros((SIZE, SIZE), np.float32))
