"""A sample says what the light does in its picture, and what shape the compact network sees there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml.core.camera import DISTANCE, Camera
from ml.core.images import Floats
from ml.engines.compact.network import GRID, load_network
from ml.training import dataset, render
from ml.training.conventions import GAMMA
from ml.training.shading import samples
from ml.training.shading.samples import change, normals_of
from tests.ml.training.primitives import ball


@pytest.fixture
def seen() -> render.Seen:
    """A grey ball in a light without highlights."""
    view = dataset.random_view(ball(), np.random.default_rng(2), augment=False)
    return view.see(np.random.default_rng(2), matte_light)


def matte_light(rng: np.random.Generator, up: Floats) -> render.Light:
    """All three lights, on one side of the ball."""
    fill = np.array([0.6, 0.0, -0.8], np.float32)
    return replace(render.random_light(rng, up), shine=0.0, fill=fill, fill_strength=0.3)


def test_the_change_is_the_derivative_of_the_brightness_by_the_normal(seen: render.Seen) -> None:
    light = render.diffuse_light(seen).mean(axis=1, keepdims=True)
    expected = change(seen, light)
    step = 1e-3
    clear = np.ones(len(seen.normal), bool)
    for number, axis in enumerate(np.eye(3, dtype=np.float32)[:2]):
        tangent = axis - (seen.normal @ axis)[:, None] * seen.normal
        turned = replace(seen, normal=seen.normal + step * tangent)
        brighter = render.diffuse_light(turned).mean(axis=1, keepdims=True)
        found = (np.log(brighter / light) / step)[:, 0]
        # At the border of a lamp's light there is no derivative.
        for lamp in (seen.light.key, seen.light.fill):
            clear &= np.abs(seen.normal @ lamp) > 0.01
        assert found[clear] == pytest.approx(expected[clear, number], abs=0.02)
    assert clear.mean() > 0.9


def test_the_picture_is_the_objects_colour_in_that_light(seen: render.Seen) -> None:
    picture, _ = render.picture_of(seen)
    light = render.on_grid(seen, render.diffuse_light(seen) * seen.albedo).clip(0.0, 1.0) ** (1.0 / GAMMA)
    middle = slice(seen.size // 2 - 8, seen.size // 2 + 8)
    small = slice(seen.size // 4 - 4, seen.size // 4 + 4)
    blocks = light[middle, middle].reshape(8, 2, 8, 2, 3).mean(axis=(1, 3))
    assert picture[small, small] == pytest.approx(blocks, abs=1e-4)


def test_normals_of_a_slope_are_those_of_its_plane() -> None:
    """The plane x + 2 · depth = constant, seen in perspective."""
    step = (np.arange(GRID) + 0.5) / GRID * 2.0 - 1.0
    depth = DISTANCE / (1.0 + step / Camera().focal / 2.0)
    front = np.broadcast_to(depth - DISTANCE, (GRID, GRID)).astype(np.float32)
    mask = np.zeros((GRID, GRID), bool)
    mask[8:-8, 8:-8] = True
    normals = normals_of(front, mask)
    expected = np.array([-1.0, 0.0, -2.0]) / np.sqrt(5.0)
    assert np.abs(normals[16:-16, 16:-16] - expected).max() < 0.02
    assert not normals[~mask].any()


def test_a_sample_has_what_training_reads() -> None:
    network = load_network()
    sample = samples.make_sample(network, ball(), np.random.default_rng(3))
    assert sample is not None
    inside = sample["cover"] > 200
    assert sample["picture"].shape == (128, 128, 3)
    assert sample["shading"][inside].std() > 0.05
    length = np.linalg.norm(sample["normals"].astype(float) / 127.0, axis=2)
    assert length[32, 32] == pytest.approx(1.0, abs=0.02)
    assert np.isfinite(sample["change"].astype(float)).all()
