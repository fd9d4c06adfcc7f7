"""Strands under a seat are cut off; legs, and what the photo shows hanging, stay."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.core.camera import RADIUS, Camera
from ml.mesh import strands
from ml.mesh.tunnels import Lattice

CELLS = 96
SPACING = 2.0 * RADIUS / CELLS
LATTICE = Lattice(np.full(3, -RADIUS), SPACING, [Camera(elevation=10.0)])
X, Y, Z = np.meshgrid(*[np.arange(CELLS) * SPACING - RADIUS] * 3, indexing="ij")
Solid = NDArray[np.bool_]


def pole(x: float, y: float, low: float, half: float = 0.03) -> Solid:
    """Upright, from the height `low` up to the seat."""
    return np.asarray((np.abs(X - x) < half) & (np.abs(Y - y) < half) & (low < Z) & (Z < 0.0))


SEAT: Solid = np.asarray((np.abs(X) < 0.3) & (np.abs(Y) < 0.3) & (Z >= -0.2) & (Z < 0.4))
STOOL: Solid = SEAT | pole(0.25, -0.25, -0.5) | pole(0.25, 0.25, -0.5) | pole(-0.25, 0.0, -0.5)
STRAND = pole(0.0, 0.288, -0.36, half=0.02)
"""Behind the leg at the right, seen by the photo."""


def test_a_strand_that_the_photo_does_not_show_is_cut_off() -> None:
    assert np.array_equal(strands.cut(STOOL | STRAND, LATTICE), STOOL)


def test_legs_stay_though_they_end_a_little_above_the_ground() -> None:
    uneven = STOOL | pole(0.0, 0.25, -0.49, half=0.02)
    assert np.array_equal(strands.cut(uneven, LATTICE), uneven)


@pytest.mark.parametrize("part", [pole(0.0, 0.1, -0.36, half=0.02), pole(0.25, 0.25, -0.5, half=0.12)])
def test_what_the_photo_shows_or_what_is_thick_stays(part: Solid) -> None:
    assert np.array_equal(strands.cut(STOOL | part, LATTICE), STOOL | part)
