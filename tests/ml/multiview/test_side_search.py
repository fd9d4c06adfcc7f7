"""The side of a photo, by silhouette consistency."""

from __future__ import annotations

import pytest

from ml.core.camera import Camera
from ml.multiview import side_search
from tests.ml.multiview.views import front, side


@pytest.mark.parametrize(("valleys", "ambiguous"), [((90.0,), False), ((90.0, 270.0), True)])
def test_a_side_is_ambiguous_where_another_side_fits_as_well(
    valleys: tuple[float, ...], ambiguous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def total_error(views: object, cameras: object, other: object, azimuth: float) -> float:
        return min(abs(azimuth - valley) / 180.0 for valley in valleys)

    monkeypatch.setattr(side_search, "_total_error", total_error)
    found = side_search.search([front()], [Camera()], side())
    assert found.ambiguous is ambiguous
    assert found.cameras[-1].azimuth == pytest.approx(90.0, abs=30.0)


def test_the_known_side_fits_better_than_a_wrong_one() -> None:
    right, wrong = (side_search.fit_side([front()], [Camera()], side(), azimuth) for azimuth in (90.0, 0.0))
    assert right.silhouette_error < 0.01
    assert wrong.silhouette_error > right.silhouette_error + 0.005
    assert [camera.azimuth for camera in right.cameras] == [0.0, 90.0]


def test_a_box_looks_the_same_from_the_left_and_the_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_search, "AZIMUTHS", 8)
    found = side_search.search([front()], [Camera()], side())
    assert found.ambiguous
    assert found.cameras[-1].azimuth in (90.0, 270.0)


def test_a_predicted_shape_counts_against_a_side_that_it_contradicts() -> None:
    """From the front the side view's shape is narrower than the silhouette of the front."""
    views = [front(), side()]
    right, wrong = (side_search._shape_error(views, [Camera(), Camera(azimuth=azimuth)]) for azimuth in (90.0, 0.0))
    assert right < 0.15
    assert wrong > right + 0.15


@pytest.mark.parametrize(("one", "other", "degrees"), [(10.0, 350.0, 20.0), (0.0, 180.0, 180.0), (-90.0, 270.0, 0.0)])
def test_azimuths_are_compared_around_the_circle(one: float, other: float, degrees: float) -> None:
    assert side_search._separation(one, other) == degrees
