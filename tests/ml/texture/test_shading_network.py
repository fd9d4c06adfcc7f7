"""The network tells light from colour on a ball whose light is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ml.core.images import Floats
from ml.core.masks import Mask
from ml.texture import shading_network
from ml.texture.shading_network import CHANGES, PICTURE, Shading
from tests.ml.texture.test_relight import BALL, lamp, normals

GREY = np.full(3, 0.4, np.float32)


def seen() -> tuple[Floats, Mask]:
    """(P², 3) the ball's normals, and which pixels show it."""
    return normals(PICTURE)


def predict(color: Floats) -> Shading:
    """The shading of the ball in linear colours (P², 3)."""
    normal, shown = seen()
    camera = (normal @ BALL.camera.axes().numpy().T) * shown[:, None]
    shape = (PICTURE, PICTURE, 3)
    picture = np.where(shown[:, None], color, 0.0).astype(np.float32)
    return shading_network.predict(picture.reshape(shape), shown.reshape(shape[:2]), camera.reshape(shape))


@pytest.mark.parametrize("color", [(0.4, 0.4, 0.4), (0.5, 0.1, 0.05), (0.05, 0.1, 0.3)])
def test_the_shading_of_a_plain_ball_is_found(color: tuple[float, float, float]) -> None:
    normal, shown = seen()
    light = lamp(normal)
    found = predict(np.asarray(np.array(color) * light[:, None], np.float32)).log.ravel()[shown]
    true = np.log(light[shown])
    assert np.corrcoef(found, true)[0, 1] > 0.9
    assert np.polyfit(true, found, 1)[0] == pytest.approx(1.0, abs=0.35)


def test_paint_is_not_taken_for_light() -> None:
    normal, shown = seen()
    dark = np.abs(normal[:, 2]) < 0.2
    color = np.where(dark[:, None], (0.1, 0.02, 0.02), GREY).astype(np.float32)
    found = predict(color).log.ravel()
    contrast = abs(float(np.log(0.047 / 0.4)))
    assert abs(found[shown & dark].mean() - found[shown & ~dark].mean()) < 0.3 * contrast


def test_the_change_leads_to_the_light() -> None:
    normal, shown = seen()
    change = predict(np.asarray(GREY * lamp(normal)[:, None], np.float32)).change
    inside = cv2.resize(shown.reshape(PICTURE, PICTURE).astype(np.float32), (CHANGES, CHANGES)) > 0.9
    mean = change[inside].mean(axis=0)
    toward = BALL.camera.axes().numpy()[:2] @ np.array([0.5, -0.6, 0.6], np.float32)
    cosine = float(mean @ toward / np.linalg.norm(mean) / np.linalg.norm(toward))
    assert cosine > np.cos(np.radians(30.0))
