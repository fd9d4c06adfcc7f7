"""The model on the home page: made by our own pipeline from our sample photo of a lighthouse.

`python -m scripts.hero_model` writes static/hero/: the model as GLB, a poster, and a strip of pictures of a whole turn.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from PIL import Image

from ml import files
from ml.pipeline.reconstruct import reconstruct
from ml.recipe import Recipe

ROOT = Path(__file__).resolve().parent.parent
PHOTO = ROOT / "static" / "samples" / "lighthouse.webp"
TARGET = ROOT / "static" / "hero"
FRAMES = 24
"""Pictures of a whole turn; frontend/styles/home.css has the same number of steps."""
SIDE = 400
"""Pixels of one picture's side: the hero is about 500 CSS pixels wide."""
QUALITY = 80
"""On Pillow's scale for WebP."""
RECIPE = Recipe(
    engine="compact", quality="standard", faces=12_000, texture_size=1024, frame_count=FRAMES, frame_size=SIDE
)


def main() -> None:
    """Make the model and write what the page shows of it."""
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reconstruct([PHOTO.read_bytes()], RECIPE, folder)
        shutil.copy(folder / files.GLB, TARGET / "model.glb")
        frames = [Image.open(folder / files.frame_name(index)).convert("RGBA") for index in range(FRAMES)]
        frames[0].save(TARGET / "poster.webp", quality=QUALITY, method=6)
        strip(frames).save(TARGET / "turn.webp", quality=QUALITY, method=6)


def strip(frames: list[Image.Image]) -> Image.Image:
    """The frames side by side."""
    whole = Image.new("RGBA", (SIDE * len(frames), SIDE))
    for index, frame in enumerate(frames):
        whole.paste(frame, (index * SIDE, 0))
    return whole


if __name__ == "__main__":
    main()
