"""The inflated silhouette: known shapes, and the density that a surface is taken from."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml.core.camera import RADIUS, Camera
from ml.engines.compact.inflate import CELLS, LOAD, inflate_grid, squared_heights
from ml.scene.volume import TRUNCATION


def disk(size: int, radius: float) -> NDArray[np.bool_]:
    steps = np.arange(size) - (size - 1) / 2
    return np.asarray(np.hypot(steps[:, None], steps) < radius)


def test_over_a_disk_it_is_an_ellipsoid() -> None:
    radius = 40.0
    found = squared_heights(disk(101, radius))
    steps = np.arange(101) - 50
    expected = LOAD / 4.0 * (radius**2 - steps[:, None] ** 2 - steps**2)
    inner = disk(101, 30.0)
    assert np.abs(found - expected)[inner].max() < 0.06 * found.max()


def test_outside_it_is_zero() -> None:
    mask = disk(64, 20.0)
    assert squared_heights(mask)[~mask].max() == 0.0
    assert squared_heights(mask)[mask].min() > 0.0


def test_a_mask_that_touches_the_frame_is_closed_there() -> None:
    heights = squared_heights(np.ones((32, 32), np.bool_))
    assert heights[0].max() < 0.25 * heights.max()


def test_an_empty_mask_gives_nothing() -> None:
    assert squared_heights(np.zeros((16, 16), np.bool_)).max() == 0.0


def test_wide_parts_are_thicker_than_narrow_ones() -> None:
    mask = np.zeros((128, 128), np.bool_)
    mask[10:60, 30:90] = True
    mask[60:110, 55:61] = True
    heights = squared_heights(mask)
    assert heights[35, 60] > 20 * heights[90, 58]


@pytest.fixture(scope="module")
def ball() -> torch.Tensor:
    return inflate_grid(disk(256, 100.0).astype(np.float32), Camera())


def test_the_grid_is_closed_inside_the_cube(ball: torch.Tensor) -> None:
    assert ball.shape == (CELLS,) * 3
    assert ball.dtype == torch.float16
    for axis in range(3):
        assert ball.select(axis, 0).max() == 0.0
        assert ball.select(axis, -1).max() == 0.0


def test_it_is_the_same_in_front_and_behind(ball: torch.Tensor) -> None:
    assert torch.equal(ball, ball.flip(0))


def test_its_size_is_that_of_the_silhouette_at_the_middle(ball: torch.Tensor) -> None:
    expected = 100.0 / 128.0 * Camera().half_extent
    inside = torch.nonzero(ball > 0.5)
    reach = inside.amax(dim=0) / (CELLS - 1) * 2 * RADIUS - RADIUS
    assert reach[1:].tolist() == pytest.approx([expected] * 2, abs=0.015)
    assert reach[0] == pytest.approx(expected * (LOAD / 4.0) ** 0.5, abs=0.02)


def test_density_grows_linearly_through_the_surface(ball: torch.Tensor) -> None:
    line = ball[CELLS // 2, :, CELLS // 2].float()
    band = (line > 0.2) & (line < 0.8)
    slopes = (line[1:] - line[:-1])[band[1:] & band[:-1]].abs()
    step = 2.0 * RADIUS / (CELLS - 1)
    assert slopes.tolist() == pytest.approx([step / (2.0 * TRUNCATION)] * len(slopes), rel=0.25)
