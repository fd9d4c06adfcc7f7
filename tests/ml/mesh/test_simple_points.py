"""Cells change sides one by one, and the topology of what marching cubes makes of them stays."""

from __future__ import annotations

import mcubes
import numpy as np
import pytest
from scipy import ndimage

from ml.mesh.geometry import components
from ml.mesh.simple_points import Cells, euler, shift


def noise(seed: int) -> Cells:
    """A random shape with tunnels, cavities and loose parts."""
    values = np.random.default_rng(seed).normal(size=(12, 13, 14))
    return np.asarray(ndimage.gaussian_filter(values, 1.0) > 0.05)


def surface(cells: Cells) -> tuple[int, int]:
    """Euler's characteristic and the number of components of the surface around the cells."""
    vertices, faces = mcubes.marching_cubes(np.pad(cells, 1) * 2.0 - 1.0, 0.0)
    return len(vertices) - len(faces) // 2, int(components(faces.astype(np.int32), len(vertices)).max()) + 1


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("value", [True, False])
def test_the_surface_keeps_its_parts_and_tunnels(seed: int, value: bool) -> None:
    cells = noise(seed)
    changed = shift(cells, (cells != value).astype(np.uint8), value)
    assert np.count_nonzero(changed != cells) > 100
    assert surface(changed) == surface(cells)


def test_euler_s_characteristic_is_that_of_the_surface() -> None:
    assert [euler(noise(seed)) for seed in range(4)] == [surface(noise(seed))[0] for seed in range(4)]


def test_a_ball_shrinks_to_a_cell_and_a_ring_to_a_ring() -> None:
    x, y, z = np.mgrid[-8:9, -8:9, -8:9]
    ball = np.hypot(np.hypot(x, y), z) < 7
    ring = ball & (np.hypot(x, y) > 2)
    assert np.count_nonzero(shift(ball, ball.astype(np.uint8), False)) == 1
    assert np.count_nonzero(shift(ring, ring.astype(np.uint8), False)) > 4


def test_higher_levels_change_first() -> None:
    bar = np.ones((1, 1, 9), bool)
    level = np.ones((1, 1, 9), np.uint8)
    level[0, 0, :5] = 2
    assert np.flatnonzero(shift(bar, level, False)[0, 0]).min() > 4
