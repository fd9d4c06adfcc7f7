"""Stripes go round a tower; nothing goes round what is not round, or has other colours at each side."""

from __future__ import annotations

import numpy as np
import pytest

from ml.core.images import Floats
from ml.texture import revolution, unobserved
from tests.ml.scenes import BLUE, RED, YELLOW, AnalyticScene, Part, cutout_of
from tests.ml.texture.test_bake import bake_photo, colors_on, mesh_of

ROWS, COLUMNS = 160, 240


def tower() -> tuple[Floats, Floats]:
    """Points and normals of an upright cylinder of radius 0.3 beside the middle of the scene."""
    height, angle = np.meshgrid(np.linspace(-0.5, 0.5, ROWS), np.linspace(-np.pi, np.pi, COLUMNS), indexing="ij")
    normals = np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=-1).reshape(-1, 3)
    points = normals * 0.3 + np.stack([np.full(height.size, 0.1), np.zeros(height.size), height.ravel()], axis=1)
    return points.astype(np.float32), normals.astype(np.float32)


def bands(values: Floats) -> Floats:
    """(N, 3) red and blue in turns over each 0.2."""
    return np.where((np.floor(values / 0.2) % 2 == 0)[:, None], np.array(RED), np.array(BLUE)).astype(np.float32)


def find(points: Floats, normals: Floats, colors: Floats) -> revolution.Axis | None:
    return revolution.find(unobserved.divide(points, normals, colors, observed(normals)))


def observed(normals: Floats) -> Floats:
    return (normals[:, 0] > 0.2).astype(np.float32)


def test_the_back_of_a_striped_tower_has_sharp_stripes_at_the_same_heights() -> None:
    points, normals = tower()
    colors = bands(points[:, 2])
    axis = find(points, normals, colors)
    assert axis is not None and axis.confidence == 1.0
    assert (axis.x, axis.y) == pytest.approx((0.1, 0.0), abs=0.01)
    shown = np.where(observed(normals)[:, None] > 0, colors, np.array(YELLOW, np.float32)).astype(np.float32)
    found = revolution.colors(axis, points, normals, shown, observed(normals))
    assert (np.abs(found - colors).max(axis=1) < 0.02).mean() > 0.95


def test_a_door_with_many_texels_does_not_go_round() -> None:
    points, normals = tower()
    door = (np.abs(normals[:, 1]) < 0.3) & (normals[:, 0] > 0)
    colors = np.where(door[:, None], np.array(BLUE), np.array(RED)).astype(np.float32)
    many = np.concatenate([np.arange(len(points)), np.tile(np.flatnonzero(door), 8)])
    axis = revolution.Axis(0.1, 0.0)
    found = revolution.colors(axis, points[many], normals[many], colors[many], observed(normals[many]))
    back = normals[many][:, 0] < 0
    np.testing.assert_allclose(found[back], np.broadcast_to(np.array(RED), found[back].shape), atol=1e-5)


def test_colours_that_differ_around_the_axis_are_not_taken() -> None:
    points, normals = tower()
    assert find(points, normals, bands(points[:, 1] + 0.7)) is None


def test_a_box_is_no_body_of_revolution() -> None:
    points, normals = tower()
    side = np.abs(normals).argmax(axis=1)
    flat = np.eye(3, dtype=np.float32)[side] * np.sign(np.take_along_axis(normals, side[:, None], axis=1))
    square = points.copy()
    square[:, :2] /= np.abs(normals).max(axis=1)[:, None]
    assert find(square, flat, bands(points[:, 2])) is None


def test_the_texture_of_a_tower_has_its_rings_at_the_back() -> None:
    rings = [Part("ball", (0.0, 0.0, z), (0.25, 0.25, 0.17), RED if z > 0 else BLUE) for z in (-0.3, -0.1, 0.1, 0.3)]
    scene = AnalyticScene(tuple(rings))
    points, found = colors_on(bake_photo(mesh_of(scene), scene, cutout_of(scene), 256))
    back = (points[:, 0] < -0.1) & (np.abs(points[:, 2]) > 0.05)
    expected = np.where(points[back, 2:] > 0, np.array(RED), np.array(BLUE))
    assert (np.abs(found[back] - expected).max(axis=1) < 0.1).mean() > 0.95
