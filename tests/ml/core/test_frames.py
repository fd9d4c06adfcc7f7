"""The frames of the exported files."""

from __future__ import annotations

import numpy as np
import pytest

from ml.core.frames import to_floor, to_print_bed, to_y_up

TOWARDS_PHOTO, RIGHT, UP = np.eye(3, dtype=np.float32)


def test_y_up_turns_the_photos_side_to_z_and_up_to_y() -> None:
    assert to_y_up(np.stack([TOWARDS_PHOTO, RIGHT, UP])).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]


def test_y_up_is_a_rotation() -> None:
    assert np.linalg.det(to_y_up(np.eye(3, dtype=np.float32))) == pytest.approx(1.0)


def test_a_printed_model_has_its_height_and_starts_at_zero() -> None:
    printed = to_print_bed(np.array([[0.1, 0.2, -0.5], [0.3, 0.4, 0.5]], np.float32), 80.0)
    assert printed[:, 2].tolist() == pytest.approx([0.0, 80.0])
    assert printed[0, :2].tolist() == pytest.approx([8.0, 16.0])


def test_a_model_on_the_floor_is_centred_over_the_origin() -> None:
    placed = to_floor(np.array([[1.0, 2.0, 3.0], [3.0, 4.0, 7.0]], np.float32), 0.1)
    assert placed.tolist() == [pytest.approx([-0.05, 0.0, -0.1]), pytest.approx([0.05, 0.1, 0.1])]


def test_a_flat_model_does_not_divide_by_zero() -> None:
    flat = np.zeros((3, 3), np.float32)
    assert np.isfinite(to_print_bed(flat, 80.0)).all()
    assert np.isfinite(to_floor(flat, 0.1)).all()
