"""The frames of the exported files."""

from __future__ import annotations

import numpy as np
import pytest

from ml.core.frames import place, to_y_up, to_z_up

TOWARDS_PHOTO, RIGHT, UP = np.eye(3, dtype=np.float32)
SLAB = np.array([[0.1, -0.2, -0.5], [0.3, 0.6, 0.0]], np.float32)
"""Two corners of a box 0.2 deep, 0.8 wide and 0.5 high."""


def test_y_up_turns_the_photos_side_to_z_and_up_to_y() -> None:
    assert to_y_up(np.stack([TOWARDS_PHOTO, RIGHT, UP])).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]


def test_z_up_turns_the_photos_side_to_the_front() -> None:
    assert to_z_up(np.stack([TOWARDS_PHOTO, RIGHT, UP])).tolist() == [[0, -1, 0], [1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize("turn", [to_y_up, to_z_up])
def test_both_are_rotations(turn: object) -> None:
    assert callable(turn)
    assert np.linalg.det(turn(np.eye(3, dtype=np.float32))) == pytest.approx(1.0)


@pytest.mark.parametrize(("axis", "extent"), [("longest", [20.0, 80.0, 50.0]), ("height", [32.0, 128.0, 80.0])])
def test_the_size_is_that_of_the_longest_side_or_the_height(axis: str, extent: list[float]) -> None:
    placed = place(SLAB, 80.0, axis).to_mm(SLAB)
    assert np.ptp(placed, axis=0).tolist() == pytest.approx(extent, rel=1e-5)


def test_the_model_stands_on_zero_centred_over_the_origin() -> None:
    low, high = place(SLAB, 80.0, "longest").to_mm(SLAB)
    assert low.tolist() == pytest.approx([-10.0, -40.0, 0.0], abs=1e-4)
    assert high.tolist() == pytest.approx([10.0, 40.0, 50.0], abs=1e-4)


def test_a_flat_model_does_not_divide_by_zero() -> None:
    flat = np.zeros((3, 3), np.float32)
    assert np.isfinite(place(flat, 80.0, "height").to_mm(flat)).all()
