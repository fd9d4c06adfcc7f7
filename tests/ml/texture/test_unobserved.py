"""What no photo shows continues the colours around it, and nothing of the front's detail."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ml.core.camera import Camera
from ml.core.images import Floats
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import PosedPhoto
from ml.texture import unobserved
from ml.texture.bake import bake
from tests.ml.scenes import BLUE, GREEN, RED, AnalyticScene, Part, cutout_of
from tests.ml.texture.test_bake import colors_on, mesh_of

POINTS = 40_000


def ball(count: int = POINTS) -> Floats:
    """(count, 3) unit vectors on a Fibonacci spiral."""
    height = 1.0 - 2.0 * (np.arange(count) + 0.5) / count
    angle = np.arange(count) * np.pi * (3.0 - 5.0**0.5)
    radius = np.sqrt(1.0 - height**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1).astype(np.float32)


def continued(points: Floats, normals: Floats, colors: Floats, observed: Floats) -> Floats:
    """The colours at the points themselves."""
    found = unobserved.continued(unobserved.divide(points, normals, colors, observed))
    assert found is not None
    return found.at(points, normals)


def test_the_back_continues_the_colours_of_the_outline_on_its_own_side() -> None:
    normals = ball()
    colors = np.where(normals[:, 1:2] > 0, np.array(RED), np.array(BLUE)).astype(np.float32)
    found = continued(normals * np.float32(0.5), normals, colors, (normals[:, 0] > 0).astype(np.float32))
    back = normals[:, 0] < -0.3
    assert np.abs(found[back & (normals[:, 1] > 0.6)] - np.array(RED)).max() < 0.35
    assert np.abs(found[back & (normals[:, 1] < -0.6)] - np.array(BLUE)).max() < 0.35


def test_a_pattern_in_the_middle_of_the_front_does_not_reach_the_back() -> None:
    normals = ball()
    checks = (np.floor(normals[:, 1] * 8.0) + np.floor(normals[:, 2] * 8.0)) % 2
    colors = np.where(normals[:, :1] > 0.6, checks[:, None], 0.5).repeat(3, axis=1).astype(np.float32)
    found = continued(normals * np.float32(0.5), normals, colors, (normals[:, 0] > 0).astype(np.float32))
    assert np.abs(found[normals[:, 0] < -0.2] - 0.5).max() < 0.02


def test_the_two_sides_of_a_thin_sheet_are_not_neighbours() -> None:
    across, up = np.meshgrid(np.linspace(-0.4, 0.4, 120), np.linspace(-0.4, 0.4, 120))
    side = np.stack([np.zeros(across.size), across.ravel(), up.ravel()], axis=1)
    points = np.concatenate([side + np.array((0.005, 0.0, 0.0)), side - np.array((0.005, 0.0, 0.0))]).astype(np.float32)
    normals = np.repeat(np.array([[1, 0, 0], [-1, 0, 0]], np.float32), len(side), axis=0)
    red_in_the_middle = (np.abs(points[:, 1:]).max(axis=1) < 0.2) & (points[:, 0] > 0)
    colors = np.where(red_in_the_middle[:, None], np.array(RED), np.array(GREEN)).astype(np.float32)
    rim = np.abs(points[:, 1:]).max(axis=1) > 0.38
    found = continued(points, normals, colors, ((points[:, 0] > 0) | rim).astype(np.float32))
    assert np.abs(found[(points[:, 0] < 0)] - np.array(GREEN)).max() < 0.02


def test_a_part_that_touches_nothing_observed_takes_the_mean_colour() -> None:
    normals = ball()
    points = np.concatenate(
        [normals * 0.2 + np.array((0.5, 0.0, 0.0)), normals * 0.2 - np.array((0.5, 0.0, 0.0))]
    ).astype(np.float32)
    colors = np.broadcast_to(np.array(RED, np.float32), points.shape)
    found = continued(points, np.concatenate([normals, normals]), colors, (points[:, 0] > 0).astype(np.float32))
    assert np.abs(found - np.array(RED)).max() < 0.01


def test_what_photos_show_all_around_keeps_its_colours() -> None:
    normals = ball()
    colors = np.where(normals[:, 1:2] > 0, np.array(RED), np.array(BLUE)).astype(np.float32)
    found = continued(normals * np.float32(0.5), normals, colors, np.ones(len(normals), np.float32))
    away = np.abs(normals[:, 1]) > 0.15
    np.testing.assert_allclose(found[away], colors[away], atol=0.02)


def test_nothing_is_continued_where_nothing_is_observed() -> None:
    normals = ball(500)
    patches = unobserved.divide(normals, normals, np.zeros_like(normals), np.zeros(len(normals), np.float32))
    assert unobserved.continued(patches) is None


@dataclass(frozen=True)
class ProjectedColors(AnalyticScene):
    predicts_colors: bool = False


def figure_with_eyes(scene: AnalyticScene) -> Cutout:
    """A green photo of the scene with two black spots."""
    cutout = cutout_of(scene)
    rgba = cutout.rgba.copy()
    rgba[..., :3] = np.array(GREEN) * 255
    for column in (226, 286):
        rgba[200:230, column - 15 : column + 15, :3] = 0
    return replace(cutout, rgba=rgba)


def test_a_face_is_not_mirrored_to_the_back_of_the_head() -> None:
    head = ProjectedColors((Part("ball", (0.0, 0.0, 0.0), (0.5, 0.5, 0.5), RED),), camera=Camera())
    points, found = colors_on(bake(mesh_of(head), head, [PosedPhoto(figure_with_eyes(head), head.camera)], 256))
    assert found[points[:, 0] > 0.3].min(axis=0)[1] < 0.1
    assert np.abs(found[points[:, 0] < 0.0] - np.array(GREEN)).max() < 0.02


def test_a_photo_with_another_silhouette_leaves_the_colours_of_the_scene() -> None:
    head = ProjectedColors((Part("ball", (0.0, 0.0, 0.0), (0.5, 0.5, 0.5), RED),), camera=Camera())
    cutout = figure_with_eyes(head)
    elsewhere = replace(cutout, rgba=np.roll(cutout.rgba, 80, axis=1))
    _, found = colors_on(bake(mesh_of(head), head, [PosedPhoto(elsewhere, head.camera)], 128))
    assert np.abs(found - np.array(RED)).max() < 0.02


def test_layers_go_around_the_object() -> None:
    normals = ball()
    colors = np.where(normals[:, 2:] > 0, np.array(RED), np.array(BLUE)).astype(np.float32)
    found = continued(normals * np.float32(0.5), normals, colors, (normals[:, 0] > 0).astype(np.float32))
    back = normals[:, 0] < -0.3
    assert np.abs(found[back & (normals[:, 2] > 0.25)] - np.array(RED)).max() < 0.25
    assert np.abs(found[back & (normals[:, 2] < -0.25)] - np.array(BLUE)).max() < 0.25


def test_shade_at_the_outline_does_not_darken_the_back() -> None:
    normals = ball()
    shade = (0.6 + 0.4 * normals[:, :1].clip(0.0, 0.5) * 2.0).astype(np.float32)
    found = continued(normals * np.float32(0.5), normals, np.array(RED) * shade, (normals[:, 0] > 0).astype(np.float32))
    assert found[normals[:, 0] < -0.5].mean(axis=0) == pytest.approx(np.array(RED), abs=0.08)


def test_the_seam_at_the_outline_is_smooth() -> None:
    normals = ball()
    shade = (0.6 + 0.4 * normals[:, :1].clip(0.0, 0.5) * 2.0).astype(np.float32)
    found = continued(normals * np.float32(0.5), normals, np.array(RED) * shade, (normals[:, 0] > 0).astype(np.float32))
    steps = [found[(normals[:, 0] > at) & (normals[:, 0] < at + 0.04), 0].mean() for at in np.arange(-0.4, 0.2, 0.04)]
    assert np.abs(np.diff(steps)).max() < 0.06


def test_two_materials_meet_on_the_back_in_a_narrow_band() -> None:
    normals = ball()
    colors = np.where(normals[:, 2:] > 0, np.array(RED), np.array(BLUE)).astype(np.float32)
    found = continued(normals * np.float32(0.5), normals, colors, (normals[:, 0] > 0).astype(np.float32))
    back = found[normals[:, 0] < -0.5]
    mixed = np.minimum(*(np.abs(back - np.array(color)).max(axis=1) for color in (RED, BLUE))) > 0.15
    assert mixed.mean() < 0.2
