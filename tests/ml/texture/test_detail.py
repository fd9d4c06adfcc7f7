"""Unobserved surface has the fine texture of its material, and no picture of what the photo shows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ml.core.camera import Camera
from ml.core.images import Floats
from ml.texture import detail
from ml.texture.projection import Projector

SIZE = 256
CAMERA = Camera()
MIDDLE = 0.5


def noise(strength: float, seed: int = 1) -> Floats:
    """(SIZE, SIZE, 3) grey with a fine, even texture."""
    values = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=(SIZE, SIZE)).astype(np.float32), (0, 0), 1.5)
    return np.repeat((MIDDLE + strength * values / values.std())[..., None], 3, axis=2).astype(np.float32)


def projector(color: Floats) -> Projector:
    """A photo that is covered by the object."""
    return Projector(CAMERA, color, np.ones((SIZE, SIZE), np.float32), np.ones((SIZE, SIZE), np.float32))


def wall() -> tuple[Floats, Floats]:
    """Points of a wall behind the object, one for each pixel, and their normals, away from the camera."""
    side = np.linspace(-CAMERA.half_extent, CAMERA.half_extent, SIZE, dtype=np.float32)
    y, z = np.meshgrid(side, side[::-1])
    points = np.stack([np.full_like(y, -0.3), y, z], axis=2).reshape(-1, 3)
    return points, np.broadcast_to(np.array((-1.0, 0.0, 0.0), np.float32), points.shape)


def painted(color: Floats) -> Floats:
    """(SIZE, SIZE) grey values of the wall, whose continued colour is plain."""
    points, normals = wall()
    plain = np.full(points.shape, MIDDLE, np.float32)
    source = detail.find(projector(color))
    found = plain if source is None else detail.add(source, plain, points, normals)
    return np.asarray(found.mean(axis=1).reshape(SIZE, SIZE))


def test_the_back_is_as_rough_as_the_front() -> None:
    front = noise(0.03)
    assert painted(front).std() == pytest.approx(float(front.std()), rel=0.25)
    assert painted(front).mean() == pytest.approx(MIDDLE, abs=0.01)


def test_the_front_does_not_show_on_the_back() -> None:
    front = noise(0.03)
    back = painted(front)
    for picture in (back, back[:, ::-1]):
        assert abs(np.corrcoef(picture.ravel(), front.mean(axis=2).ravel())[0, 1]) < 0.1


def test_eyes_on_a_plain_face_leave_the_back_plain() -> None:
    face = np.full((SIZE, SIZE, 3), MIDDLE, np.float32)
    for column in (80, 176):
        cv2.circle(face, (column, 110), 12, (0.0, 0.0, 0.0), -1)
    assert np.abs(painted(face) - MIDDLE).max() < 0.02


def test_stripes_do_not_smear_over_the_back() -> None:
    stripes = np.where(np.arange(SIZE)[:, None, None] // 32 % 2 == 0, np.float32(0.9), np.float32(0.1))
    assert np.abs(painted(np.broadcast_to(stripes, (SIZE, SIZE, 3)).copy()) - MIDDLE).max() < 0.02


def test_a_material_of_another_colour_takes_none_of_it() -> None:
    points, normals = wall()
    red = np.broadcast_to(np.array((0.8, 0.1, 0.1), np.float32), points.shape)
    source = detail.find(projector(noise(0.03)))
    assert source is not None
    assert np.array_equal(detail.add(source, red.copy(), points, normals), red)


def test_the_same_surface_has_the_same_detail() -> None:
    assert np.array_equal(painted(noise(0.03)), painted(noise(0.03)))
