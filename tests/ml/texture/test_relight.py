"""The photo's light is taken out of the colours; what belongs to the object stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml.core.camera import Camera
from ml.core.images import Floats, from_linear, to_bytes, to_linear
from ml.core.masks import Mask
from ml.mesh.mesh import Mesh
from ml.photo.cutout import Cutout
from ml.photo.posed_photo import PosedPhoto
from ml.texture.relight import relight
from tests.ml.scenes import GREEN, AnalyticScene, Part, cutout_of
from tests.ml.texture.test_bake import mesh_of

RADIUS = 0.5
BALL = AnalyticScene((Part("ball", (0.0, 0.0, 0.0), (RADIUS, RADIUS, RADIUS), GREEN),), camera=Camera())


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    return mesh_of(BALL)


def normals(size: int = 512) -> tuple[Floats, Mask]:
    """(S², 3) normals of the ball as the photo sees it, and which pixels show it."""
    camera = BALL.camera
    origins, directions = (values.numpy() for values in camera.rays(size))
    middle = -(origins * directions).sum(axis=1)
    missed = RADIUS**2 - ((origins + directions * middle[:, None]) ** 2).sum(axis=1)
    points = origins + directions * (middle - np.sqrt(np.maximum(missed, 0.0)))[:, None]
    return (points / RADIUS).astype(np.float32), missed > 0


def photo(base: Floats, light: Floats) -> PosedPhoto:
    """The ball in linear base colours (S², 3), each multiplied by the light (S²,)."""
    cutout: Cutout = cutout_of(BALL)
    rgba = cutout.rgba.copy()
    rgba[..., :3] = to_bytes(from_linear((base * light[:, None]).clip(0.0, 1.0))).reshape(512, 512, 3)
    return PosedPhoto(replace(cutout, rgba=rgba), BALL.camera)


def lamp(normal: Floats) -> Floats:
    """Light from the left and above, and some from all sides."""
    return np.asarray(0.3 + 0.7 * np.maximum(normal @ np.array([0.5, -0.6, 0.6]), 0.0), np.float32)


def inner(normal: Floats, shown: Mask) -> Mask:
    return np.asarray(shown & (normal[:, 0] > 0.5))


def colors(made: PosedPhoto) -> Floats:
    return to_linear(made.cutout.rgba[..., :3].reshape(-1, 3) / 255.0)


def variation(values: Floats) -> float:
    """Standard deviation of the brightness, as a fraction of its mean."""
    brightness = values.mean(axis=1)
    return float(brightness.std() / brightness.mean())


def test_the_shading_of_a_plain_ball_is_taken_out(mesh: Mesh) -> None:
    normal, shown = normals()
    lit = photo(np.full((512 * 512, 3), (0.5, 0.2, 0.1), np.float32), lamp(normal))
    inside = inner(normal, shown)
    before, after = (variation(colors(made)[inside]) for made in (lit, relight(mesh, lit)))
    assert before > 0.25
    assert after < 0.6 * before


def test_two_materials_stay_different(mesh: Mesh) -> None:
    normal, shown = normals()
    dark = normal[:, 1] > 0.1
    base = np.where(dark[:, None], (0.1, 0.1, 0.3), (0.6, 0.3, 0.2)).astype(np.float32)
    made = colors(relight(mesh, photo(base, np.ones(len(base), np.float32))))
    inside = inner(normal, shown)
    ratio = made[inside & ~dark].mean(axis=0) / made[inside & dark].mean(axis=0)
    assert ratio == pytest.approx((6.0, 3.0, 2.0 / 3.0), rel=0.25)


def test_a_highlight_on_several_materials_becomes_weaker(mesh: Mesh) -> None:
    normal, shown = normals()
    bands = np.array([(0.3, 0.05, 0.05), (0.05, 0.3, 0.05), (0.05, 0.05, 0.3), (0.25, 0.25, 0.03)], np.float32)
    base = bands[np.digitize(normal[:, 1], [-0.25, 0.0, 0.25])]
    shine = np.maximum(normal @ np.array([0.8, 0.0, 0.6]), 0.0) ** 60
    lit = photo(base + 0.35 * shine[:, None].astype(np.float32), np.ones(len(base), np.float32))
    spot = shown & (shine > 0.8)
    rest = inner(normal, shown) & (shine < 0.01)
    before, after = (colors(made)[spot].mean() / colors(made)[rest].mean() for made in (lit, relight(mesh, lit)))
    assert after < 0.7 * before


def test_a_photo_with_another_silhouette_is_left_as_it_is(mesh: Mesh) -> None:
    normal, _ = normals()
    lit = photo(np.full((512 * 512, 3), 0.5, np.float32), lamp(normal))
    moved = replace(lit, cutout=replace(lit.cutout, rgba=np.roll(lit.cutout.rgba, 90, axis=1)))
    assert relight(mesh, moved) is moved


def test_a_white_patch_among_dark_parts_stays_white(mesh: Mesh) -> None:
    normal, shown = normals()
    patch = (np.abs(normal[:, 1]) < 0.2) & (np.abs(normal[:, 2]) < 0.2)
    blue = normal[:, 1] > 0.3
    base = np.where(blue[:, None], (0.05, 0.1, 0.5), (0.02, 0.02, 0.02))
    base = np.where(patch[:, None], (0.8, 0.75, 0.6), base).astype(np.float32)
    lit = photo(base, lamp(normal))
    before, after = (colors(made)[patch & shown].mean() for made in (lit, relight(mesh, lit)))
    assert after > 0.7 * before
