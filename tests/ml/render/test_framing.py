"""The camera of a turn: checked by projecting the points from every azimuth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml.core.camera import Camera
from ml.render import framing

BOX = np.array([[x, y, z] for x in (-0.4, 0.4) for y in (-0.2, 0.2) for z in (-0.3, 0.3)])
SHIFT = np.array([0.3, -0.2, 0.25])


def projections(points: NDArray[Any], camera: Camera) -> NDArray[Any]:
    """(24, V, 2) positions in the picture, in [-1, 1] when visible, of a turn in steps of 15 degrees."""
    views = [replace(camera, azimuth=azimuth) for azimuth in np.arange(0.0, 360.0, 15.0)]
    return np.stack([view.project(torch.from_numpy(points)).numpy()[:, :2] for view in views])


@pytest.mark.parametrize("elevation", [-30.0, 0.0, 15.0, 60.0])
def test_the_widest_view_of_the_turn_fills_the_picture_and_no_view_exceeds_it(elevation: float) -> None:
    camera = framing.fit_camera(BOX + SHIFT, elevation)
    assert camera.elevation == elevation
    assert np.abs(projections(BOX + SHIFT, camera)).max() == pytest.approx(framing.FILL, abs=2e-3)


@pytest.mark.parametrize("elevation", [-30.0, 15.0, 60.0])
def test_margins_above_and_below_are_equal(elevation: float) -> None:
    tall = BOX * (0.3, 0.3, 2.0) + SHIFT
    vertical = projections(tall, framing.fit_camera(tall, elevation))[..., 1]
    assert vertical.max() == pytest.approx(-vertical.min(), abs=1e-2)


def test_the_axis_is_the_centre_of_the_smallest_enclosing_circle() -> None:
    """An obtuse triangle: the circle's diameter is its longest side; the centroid is elsewhere."""
    triangle = np.array([[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0], [0.1, 0.2, 0.0]])
    assert framing.fit_camera(triangle + SHIFT, 0.0).target[:2] == pytest.approx(SHIFT[:2], abs=1e-3)


def test_the_camera_follows_the_scale_and_position_of_the_model() -> None:
    small, large = framing.fit_camera(BOX, 20.0), framing.fit_camera(3.0 * BOX + SHIFT, 20.0)
    assert large.distance == pytest.approx(3.0 * small.distance, rel=1e-3)
    assert np.array(large.target) == pytest.approx(3.0 * np.array(small.target) + SHIFT, abs=1e-3)
