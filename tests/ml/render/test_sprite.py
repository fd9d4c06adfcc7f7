"""The strip of frames of a turning card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml.render import sprite


def turn(count: int, channels: int = 4) -> list[NDArray[Any]]:
    """Frames whose brightness is eight times their number."""
    frames = [np.full((64, 64, channels), 8 * index, np.uint8) for index in range(count)]
    for frame in frames:
        frame[..., 3:] = 255
    return frames


def brightness(path: Path) -> list[int]:
    """The brightness of the centre of each tile."""
    with Image.open(path) as strip:
        assert strip.format == "WEBP"
        assert strip.size == (sprite.TILES * sprite.SIDE, sprite.SIDE)
        pixels = np.asarray(strip.convert("RGB"))
    middle = sprite.SIDE // 2
    return [int(pixels[middle, tile * sprite.SIDE + middle, 0]) for tile in range(sprite.TILES)]


@pytest.mark.parametrize("channels", [3, 4])
def test_the_tiles_are_evenly_spaced_frames_of_the_turn(tmp_path: Path, channels: int) -> None:
    sprite.write(turn(30, channels), tmp_path / "sprite.webp")
    wanted = [8 * index for index in (0, 2, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27)]
    assert np.allclose(brightness(tmp_path / "sprite.webp"), wanted, atol=4)


def test_a_turn_of_few_frames_still_fills_the_strip(tmp_path: Path) -> None:
    sprite.write(turn(3), tmp_path / "sprite.webp")
    assert np.allclose(brightness(tmp_path / "sprite.webp"), [0] * 4 + [8] * 4 + [16] * 4, atol=4)


def test_transparency_is_kept(tmp_path: Path) -> None:
    sprite.write([np.zeros((64, 64, 4), np.uint8)], tmp_path / "sprite.webp")
    with Image.open(tmp_path / "sprite.webp") as strip:
        assert np.asarray(strip.convert("RGBA"))[..., 3].max() == 0
