"""Contact sheets show models as users see them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ml.evaluation import contact_sheet
from tests.ml.scenes import AnalyticScene, cutout_of


def test_a_row_shows_the_texture_and_not_the_colours_of_the_scene() -> None:
    toy = AnalyticScene()
    cutout = cutout_of(toy)
    white = replace(cutout, rgba=np.dstack([np.full_like(cutout.rgba[..., :3], 255), cutout.rgba[..., 3]]))
    model = contact_sheet.make_model(toy, white)
    views = list(contact_sheet.views(model, 64))
    assert 3.0 * _saturated(views[0]) < _saturated(views[contact_sheet.SIDES // 2])


def _saturated(view: np.ndarray) -> float:
    """Fraction of clearly coloured pixels."""
    return float((np.ptp(view, axis=2) > 0.3).mean())
