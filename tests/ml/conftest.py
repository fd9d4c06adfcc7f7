"""Pictures and results shared by the tests of `ml`; all of them are drawn, no file is read."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ml.cli.fetch_background import fetch_background
from ml.core.weights import FetchError
from ml.export import write
from ml.mesh import marching_cubes
from ml.mesh import repair as meshes
from ml.pipeline.reconstruct import Reconstruction, reconstruct
from ml.recipe import Recipe
from ml.texture import bake
from ml.texture.bake import TexturedMesh
from tests.ml.landmarks import EXTRAS, TOY_RECIPE
from tests.ml.scenes import AnalyticScene

SMALL = Recipe(engine="compact", grid=40, faces=1000, texture_size=128, frame_size=64, frame_count=3)
"""Runs the whole pipeline in a few seconds."""


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The picture encoded as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def corner_picture(width: int = 80, height: int = 60) -> Image.Image:
    """Blue with a red top left quarter, so that its orientation is visible."""
    picture = Image.new("RGB", (width, height), (20, 40, 200))
    picture.paste((220, 30, 20), (0, 0, width // 2, height // 2))
    return picture


def mushroom(size: int = 320) -> Image.Image:
    """A red cap on a white stem on a transparent background."""
    picture = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw, unit = ImageDraw.Draw(picture), size / 32
    draw.rectangle((13 * unit, 14 * unit, 19 * unit, 27 * unit), fill=(235, 230, 215, 255))
    draw.pieslice((6 * unit, 5 * unit, 26 * unit, 25 * unit), 180, 360, fill=(200, 30, 25, 255))
    return picture


def on_meadow(size: int = 320) -> Image.Image:
    """The mushroom in front of a green gradient with some noise."""
    noise = np.random.default_rng(1).normal(0.0, 4.0, (size, size, 1))
    slope = np.linspace(0.0, 40.0, size)[:, None, None]
    green = (np.array([90.0, 150.0, 80.0]) + slope + noise).clip(0, 255).astype(np.uint8)
    picture = Image.fromarray(green).convert("RGBA")
    picture.alpha_composite(mushroom(size))
    return picture.convert("RGB")


@pytest.fixture
def mushroom_png() -> bytes:
    return encoded(mushroom())


@pytest.fixture(scope="session")
def u2netp() -> Path:
    """The weights for background removal, downloaded if necessary."""
    try:
        return fetch_background()
    except FetchError as error:
        pytest.skip(f"THE WEIGHTS FOR BACKGROUND REMOVAL ARE NOT AVAILABLE: {error}")


@pytest.fixture(scope="session")
def result_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("result")


@pytest.fixture(scope="session")
def result(result_dir: Path) -> Reconstruction:
    """One small run of the whole pipeline into `result_dir`."""
    return reconstruct([encoded(mushroom())], SMALL, result_dir)


@pytest.fixture(scope="session")
def toy() -> TexturedMesh:
    """The toy, textured with the colours of its scene."""
    scene = AnalyticScene()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ml.texture.unwrap.TIME_LIMIT", 0)
        return bake.bake(meshes.finish(marching_cubes.extract(scene, 128), 10_000), scene, [], 512)


@pytest.fixture(scope="session")
def toy_folder(toy: TexturedMesh, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy's files in every format."""
    out = tmp_path_factory.mktemp("toy")
    write.write(toy, out, TOY_RECIPE, EXTRAS)
    return out
