"""The sharpness of a highlight gives the roughness; whatever is no highlight leaves the model matte."""

from __future__ import annotations

import numpy as np
import pytest

from ml.core.images import Floats
from ml.mesh.mesh import Mesh
from ml.photo.posed_photo import PosedPhoto
from ml.texture import relight, roughness
from tests.ml.texture.test_bake import mesh_of
from tests.ml.texture.test_relight import BALL, lamp, normals, photo

RED, GREY = (0.45, 0.08, 0.08), (0.25, 0.25, 0.25)


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    return mesh_of(BALL)


def shiny(exponent: float, color: tuple[float, float, float] = RED) -> PosedPhoto:
    """The ball in one colour with a Blinn-Phong highlight."""
    normal, _ = normals()
    lobe = np.maximum(normal @ np.array([0.8, 0.0, 0.6]), 0.0) ** exponent
    light = lamp(normal)
    base = np.array(color, np.float32) + 0.5 * (lobe / light)[:, None]
    return photo(np.asarray(base, np.float32), light)


def estimate(mesh: Mesh, posed: PosedPhoto) -> float:
    lit = relight.measure(mesh, posed)
    assert lit is not None
    return roughness.estimate(lit)


@pytest.mark.parametrize("color", [RED, GREY])
@pytest.mark.parametrize("exponent", [30.0, 60.0, 120.0])
def test_the_roughness_is_that_of_the_highlight(mesh: Mesh, exponent: float, color: tuple[float, float, float]) -> None:
    assert estimate(mesh, shiny(exponent, color)) == pytest.approx(roughness.of_exponent(exponent), abs=0.06)


def test_a_sharper_highlight_means_a_smoother_surface(mesh: Mesh) -> None:
    found = [estimate(mesh, shiny(exponent)) for exponent in (20.0, 40.0, 80.0, 160.0)]
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == 4


def test_a_ball_without_a_highlight_is_matte(mesh: Mesh) -> None:
    normal, _ = normals()
    plain = np.full((len(normal), 3), RED, np.float32)
    assert estimate(mesh, photo(plain, lamp(normal))) == roughness.MATTE


def test_white_dots_with_sharp_edges_are_paint(mesh: Mesh) -> None:
    normal, _ = normals()
    dot = normal @ np.array([0.8, 0.0, 0.6]) > 0.98
    base = np.where(dot[:, None], 0.7, np.array(GREY)).astype(np.float32)
    assert estimate(mesh, photo(base, lamp(normal))) == roughness.MATTE


def test_a_coloured_glow_is_no_highlight(mesh: Mesh) -> None:
    normal, _ = normals()
    lobe = np.maximum(normal @ np.array([0.8, 0.0, 0.6]), 0.0) ** 60
    glow: Floats = (np.array(GREY) + 0.5 * lobe[:, None] * np.array([1.0, 0.2, 0.0])).astype(np.float32)
    assert estimate(mesh, photo(glow, lamp(normal))) == roughness.MATTE


def test_a_rough_exponent_is_rough_and_a_sharp_one_is_not() -> None:
    assert roughness.of_exponent(0.0) == 1.0
    assert roughness.of_exponent(30.0) == pytest.approx(0.5)
