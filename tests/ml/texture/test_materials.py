"""Shade is no material of its own; paint is."""

from __future__ import annotations

import numpy as np
import pytest

from ml.core.images import Floats
from ml.texture import materials
from tests.ml.scenes import BLUE, GREEN, RED

COUNT = 400


def shaded(color: tuple[float, float, float], darkest: float) -> Floats:
    """(COUNT, 3) the colour in light from full strength to `darkest` of it."""
    strength = np.linspace(darkest, 1.0, COUNT)[:, None]
    return np.asarray(np.array(color) * strength, np.float32)


def full(colors: Floats) -> Floats:
    return np.ones(len(colors), np.float32)


@pytest.mark.parametrize("color", [RED, GREEN, BLUE, (0.8, 0.8, 0.8), (0.9, 0.7, 0.4)])
def test_a_colour_in_light_and_in_shade_is_one_material_as_bright_as_in_the_light(
    color: tuple[float, float, float],
) -> None:
    colors = shaded(color, 0.6)
    found = materials.find(colors, full(colors))
    assert len(found.color) == 1
    assert found.color[0].sum() == pytest.approx(sum(color) * 0.86, rel=0.03)


@pytest.mark.parametrize("other", [(0.1, 0.1, 0.1), BLUE, (0.9, 0.5, 0.1)])
def test_other_paint_is_another_material(other: tuple[float, float, float]) -> None:
    colors = np.concatenate([shaded((0.9, 0.9, 0.9), 0.8), shaded(other, 0.8)])
    found = materials.find(colors, full(colors))
    assert len(found.color) == 2
    assert (found.label == np.repeat(found.label[[0, -1]], COUNT)).all()
    assert np.abs(found.color[found.label[-1]] - np.array(other)).max() < 0.12


def test_a_few_odd_pixels_do_not_shift_a_material() -> None:
    colors = np.concatenate([shaded(RED, 0.9), np.zeros((3, 3), np.float32)])
    weight = np.concatenate([np.ones(COUNT), np.full(3, 0.01)]).astype(np.float32)
    found = materials.find(colors, weight)
    assert np.abs(found.color[found.label[0]] - np.array(RED)).max() < 0.1


@pytest.mark.parametrize("count", [1, 2, 3])
def test_very_few_colours_are_materials_too(count: int) -> None:
    colors = np.array([RED, GREEN, BLUE], np.float32)[:count]
    found = materials.find(colors, full(colors))
    np.testing.assert_allclose(found.color[found.label], colors, atol=1e-6)
