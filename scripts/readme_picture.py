"""The picture at the top of the README: our sample photo, and its model from four sides.

`python -m scripts.readme_picture` writes docs/images/model.png.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from ml.pipeline.reconstruct import reconstruct
from ml.recipe import Recipe

ROOT = Path(__file__).resolve().parent.parent
SIDE = 360
"""Pixels of one picture's side."""
BACKGROUND = (246, 247, 247)
"""Light grey behind the model."""
FRAMES = (0, 5, 12, 22)
"""Of the 30 turntable frames: the photo's side, then further round."""


def main() -> None:
    """Make the model and place the pictures side by side."""
    photo = next((ROOT / "static" / "samples").glob("locomotive.*"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reconstruct([photo.read_bytes()], Recipe(quality="high", frame_size=SIDE), folder)
        frames = [Image.open(folder / f"render_{index:03d}.png").convert("RGBA") for index in FRAMES]
        row(Image.open(photo), frames).save(ROOT / "docs" / "images" / "model.png", optimize=True)


def row(photo: Image.Image, frames: list[Image.Image]) -> Image.Image:
    """The photo, then the frames on BACKGROUND."""
    sheet = Image.new("RGB", (SIDE * (1 + len(frames)), SIDE), BACKGROUND)
    sheet.paste(photo.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS), (0, 0))
    for index, frame in enumerate(frames, start=1):
        sheet.paste(frame, (index * SIDE, 0), frame)
    return Image.fromarray(np.asarray(sheet))


if __name__ == "__main__":
    main()
