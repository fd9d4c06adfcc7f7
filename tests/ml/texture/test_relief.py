"""A fine relief in the photo's shading becomes a normal map; paint and plain surfaces get none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ml.core.images import Floats
from ml.mesh.mesh import Mesh
from ml.photo.posed_photo import PosedPhoto
from ml.texture import bake, rasterize, relief, relight
from ml.texture.surface import Surface
from tests.ml.texture.test_bake import mesh_of
from tests.ml.texture.test_relight import BALL, lamp, normals, photo

SIDE = 512
GREY = np.full((SIDE * SIDE, 3), 0.4, np.float32)
SLOPE = 0.2


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    return mesh_of(BALL)


def bumps() -> Floats:
    """(SIDE, SIDE) an even random pattern."""
    noise = np.random.default_rng(4).normal(size=(SIDE, SIDE)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 2.2), np.float32)


def tilts() -> Floats:
    """(SIDE², 3) by how much bumps of the ball tilt its normals."""
    down, right = np.gradient(bumps())
    axes = BALL.camera.axes().numpy()
    tilt = down.reshape(-1, 1) * axes[1] - right.reshape(-1, 1) * axes[0]
    tilt *= SLOPE / np.sqrt((tilt**2).sum(axis=1).mean())
    normal, shown = normals()
    return np.asarray((tilt - (tilt * normal).sum(axis=1, keepdims=True) * normal) * shown[:, None], np.float32)


def bumpy() -> PosedPhoto:
    """The ball with fine bumps."""
    normal = normals()[0] + tilts()
    return photo(GREY, lamp(normal / np.linalg.norm(normal, axis=1, keepdims=True)))


def find(mesh: Mesh, posed: PosedPhoto) -> relief.Relief | None:
    return relief.find(relight.measure(mesh, posed), posed)


def test_the_tilt_is_that_of_the_bumps_along_the_light(mesh: Mesh) -> None:
    found = find(mesh, bumpy())
    assert found is not None
    shown = np.linalg.norm(found.tilt, axis=2).ravel() > 1e-6
    direction = found.tilt.reshape(-1, 3)[shown]
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    true, own = ((values[shown] * direction).sum(axis=1) for values in (tilts(), found.tilt.reshape(-1, 3)))
    assert np.corrcoef(true, own)[0, 1] > 0.75
    assert 0.5 < float((true * own).sum() / (true**2).sum()) < 1.3


def test_bumps_bring_the_normals_closer_to_the_true_ones(mesh: Mesh) -> None:
    found = find(mesh, bumpy())
    assert found is not None
    shown = np.linalg.norm(found.tilt, axis=2).ravel() > 1e-6
    true, own = tilts()[shown], found.tilt.reshape(-1, 3)[shown]
    assert np.linalg.norm(true - own, axis=1).mean() < 0.85 * np.linalg.norm(true, axis=1).mean()


@pytest.mark.parametrize("strength", [0.0, 0.05, 0.15])
def test_paint_is_no_relief(mesh: Mesh, strength: float) -> None:
    pattern = bumps() / bumps().std()
    painted = GREY * np.exp(strength * pattern).reshape(-1, 1)
    assert find(mesh, photo(np.asarray(painted, np.float32), lamp(normals()[0]))) is None


def test_a_coloured_pattern_is_no_relief(mesh: Mesh) -> None:
    normal = normals()[0] + tilts()
    light = lamp(normal / np.linalg.norm(normal, axis=1, keepdims=True))
    tint = (light / lamp(normals()[0]))[:, None] ** np.array([0.3, 0.3, -1.0])
    assert find(mesh, photo(np.asarray(GREY * tint, np.float32), light)) is None


def test_the_normal_map_leads_to_the_tilted_normals(mesh: Mesh) -> None:
    """Right and up in the texture are taken from the positions of neighbouring texels."""
    posed, size = bumpy(), 256
    model = bake.bake(mesh, BALL, [posed], size, method="box")
    tilt = np.broadcast_to(np.array([0.0, 0.1, 0.3], np.float32), (relief.SIZE, relief.SIZE, 3))
    encoded = relief.normal_map(model, relief.Relief(tilt.copy()), mesh, posed)
    surface = Surface(model.mesh, rasterize.rasterize(model.uv[model.mesh.faces] * size, size))
    position = np.full((size * size, 3), np.nan, np.float32)
    position[surface.coverage.pixel] = surface.points
    picture = position.reshape(size, size, 3)
    right = np.roll(picture, -1, axis=1) - np.roll(picture, 1, axis=1)
    up = np.roll(picture, 1, axis=0) - np.roll(picture, -1, axis=0)
    right, up = (values.reshape(-1, 3)[surface.coverage.pixel] for values in (right, up))
    near = (np.linalg.norm(right, axis=1) < 0.05) & (np.linalg.norm(up, axis=1) < 0.05)
    near &= surface.normals @ BALL.camera.axes().numpy()[2] < -0.7  # the middle of what the photo shows
    assert near.sum() > 1_000
    x, y, z = (encoded.reshape(-1, 3)[surface.coverage.pixel][near] / 127.5 - 1.0).T[..., None]
    right, up = (values[near] / np.linalg.norm(values[near], axis=1, keepdims=True) for values in (right, up))
    world = x * right + y * up + z * surface.normals[near]
    expected = surface.normals[near] + tilt[0, 0]
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    world /= np.linalg.norm(world, axis=1, keepdims=True)
    assert np.median((world * expected).sum(axis=1)) > 0.995


def test_what_no_photo_shows_is_left_flat(mesh: Mesh) -> None:
    posed = bumpy()
    model = bake.bake(mesh, BALL, [posed], 128, method="box")
    tilt = np.full((relief.SIZE, relief.SIZE, 3), 0.3, np.float32)
    encoded = relief.normal_map(model, relief.Relief(tilt), mesh, posed)
    surface = Surface(model.mesh, rasterize.rasterize(model.uv[model.mesh.faces] * 128, 128))
    behind = surface.normals @ BALL.camera.axes().numpy()[2] > 0.2
    flat = encoded.reshape(-1, 3)[surface.coverage.pixel[behind]].astype(int)
    assert np.abs(flat - np.array([128, 128, 255])).max() <= 2
