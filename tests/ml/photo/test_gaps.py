"""Gaps between thin parts are opened; parts of an object in the colour of the background stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ml.core.masks import Mask, iou
from ml.photo.cutout import find
from ml.photo.decode import Photo
from ml.photo.gaps import find_gaps, open_gaps
from tests.ml.photo.test_cutout import table

SIZE = 800
BROWN, BLACK, WALL = (120, 70, 30), (40, 32, 30), (222, 224, 226)


def stool(canvas: Image.Image) -> Mask:
    """Draw a stool with four thin legs and a rail; where it is."""
    shape = Image.new("L", canvas.size)
    for draw, colors in ((ImageDraw.Draw(canvas), (BROWN, BLACK)), (ImageDraw.Draw(shape), (255, 255))):
        draw.rectangle((220, 300, 580, 340), fill=colors[0])
        for top, bottom in ((235, 195), (360, 320), (440, 480), (565, 605)):
            draw.line((top, 340, bottom, 720), fill=colors[1], width=8)
        draw.line((200, 560, 600, 560), fill=colors[1], width=6)
    return np.asarray(shape) > 0


def sheet(truth: Mask) -> NDArray[np.float32]:
    """The stool with a sheet between its legs, down to the rail."""
    shape = Image.fromarray(truth.astype(np.uint8) * 255)
    ImageDraw.Draw(shape).polygon([(235, 340), (565, 340), (590, 560), (210, 560)], fill=255)
    return (np.asarray(shape) > 0).astype(np.float32)


def test_a_sheet_between_thin_legs_is_opened_and_the_legs_stay() -> None:
    canvas = table(SIZE)
    truth = stool(canvas)
    picture, mask = np.asarray(canvas), sheet(truth)
    gaps = find_gaps(picture, mask)
    assert gaps is not None
    opened = open_gaps(picture, mask, gaps) > 0.5
    assert iou(mask > 0.5, truth) < 0.5
    assert iou(opened, truth) > 0.93


def test_a_stool_is_cut_out_without_a_sheet_between_its_legs(u2netp: Path) -> None:
    canvas = Image.new("RGB", (SIZE, SIZE), WALL)
    truth = stool(canvas)
    opacity, _, notes = find(Photo(np.asarray(canvas), canvas.size), model="u2netp")
    assert iou(opacity > 0.5, truth) > 0.85
    assert "gaps_opened" in [entry.code for entry in notes]


def body(width: int, label: tuple[int, int, int, int] | None) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A brown body with a label in the colour of the wall, and its mask."""
    canvas, shape = Image.new("RGB", (SIZE, SIZE), WALL), Image.new("L", (SIZE, SIZE))
    box = (400 - width // 2, 150, 400 + width // 2, 650)
    ImageDraw.Draw(canvas).rectangle(box, fill=BROWN)
    ImageDraw.Draw(shape).rectangle(box, fill=255)
    if label:
        ImageDraw.Draw(canvas).rectangle(label, fill=WALL)
    return np.asarray(canvas), (np.asarray(shape) > 0).astype(np.float32)


def test_a_label_in_the_colour_of_the_wall_stays() -> None:
    assert find_gaps(*body(300, (330, 300, 470, 420))) is None


def test_a_label_around_the_whole_body_stays() -> None:
    assert find_gaps(*body(300, (250, 300, 550, 420))) is None


def test_an_object_in_the_colour_of_the_wall_stays() -> None:
    picture = np.full((SIZE, SIZE, 3), WALL, np.uint8)
    assert find_gaps(picture, body(300, None)[1]) is None


def test_before_a_background_that_cannot_be_predicted_nothing_is_opened() -> None:
    canvas = Image.fromarray(np.random.default_rng(3).integers(60, 250, (100, 100, 3), np.uint8)).resize((SIZE, SIZE))
    assert find_gaps(np.asarray(canvas), sheet(stool(canvas))) is None
