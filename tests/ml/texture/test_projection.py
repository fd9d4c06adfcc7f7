"""Projection of a photo onto the surface: what it is sure of, and that no point gets a colour that is not a number."""

from __future__ import annotations

import numpy as np
import pytest

from ml.texture import projection
from tests.ml.scenes import RED, AnalyticScene, Part, cutout_of
from tests.ml.texture.test_bake import mesh_of

BALL = AnalyticScene((Part("ball", (0.0, 0.0, 0.0), (0.4, 0.4, 0.4), RED),))


@pytest.mark.parametrize(("side", "shown"), [(1.0, True), (-1.0, False)])
def test_normals_along_the_view_are_sure_although_rounding_makes_them_too_long(side: float, shown: bool) -> None:
    camera = BALL.camera
    projector = projection.make_projector(mesh_of(BALL), cutout_of(BALL), camera)
    towards = camera.position().numpy() / np.linalg.norm(camera.position().numpy())
    normals = (side * towards * np.array([[1.0], [1.0 + 1e-6]])).astype(np.float32)
    seen = projection.observe(projector, (normals * 0.4).astype(np.float32), normals)
    assert np.isfinite(seen.confidence).all()
    assert ((seen.confidence > 0.9) == shown).all()
