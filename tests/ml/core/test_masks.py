"""Masks: overlap, nearest known pixel, and the signed distance to a silhouette."""

from __future__ import annotations

import numpy as np
import pytest

from ml.core.masks import iou, nearest_index, silhouette_sdf


def test_iou_is_the_intersection_divided_by_the_union() -> None:
    first, second = np.zeros((2, 4, 4), np.bool_)
    first[:, :3] = True
    second[:, 1:] = True
    assert iou(first, second) == 0.5
    assert iou(first, first) == 1.0
    assert iou(first, ~first) == 0.0


def test_iou_of_two_empty_masks_is_zero() -> None:
    empty = np.zeros((4, 4), np.bool_)
    assert iou(empty, empty) == 0.0


def test_a_known_pixel_is_its_own_nearest() -> None:
    known = np.zeros((5, 7), np.bool_)
    known[1, 2] = known[4, 6] = True
    row, column = nearest_index(known)
    assert (row[1, 2], column[1, 2]) == (1, 2)
    assert (row[4, 5], column[4, 5]) == (4, 6)
    assert (row[0, 0], column[0, 0]) == (1, 2)


def test_the_distance_is_zero_where_the_opacity_is_one_half() -> None:
    ramp = np.clip((np.arange(64) - 20.3) / 4.0 + 0.5, 0.0, 1.0).astype(np.float32)
    distance = silhouette_sdf(np.tile(ramp, (64, 1)))
    crossing = np.interp(0.0, distance[32, 10:40], np.arange(10, 40))
    assert crossing == pytest.approx(20.3, abs=0.3)


def test_the_distance_is_in_pixels_and_positive_inside() -> None:
    ramp = np.clip((np.arange(64) - 20.3) / 4.0 + 0.5, 0.0, 1.0).astype(np.float32)
    distance = silhouette_sdf(np.tile(ramp, (64, 1)))
    assert distance[32, 30] - distance[32, 25] == pytest.approx(5.0, abs=0.1)
    assert distance[32, 5] < 0.0 < distance[32, 30]
