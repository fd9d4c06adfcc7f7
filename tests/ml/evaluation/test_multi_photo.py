"""Several photos of one object: what they show, which conditions are measured, and how the outcomes are counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.core.images import Floats
from ml.engines.compact.engine import inflate
from ml.evaluation import multi_photo, single_photo
from ml.evaluation.multi_photo import Condition, Outcome, PhotoSet
from ml.evaluation.score import Scores
from ml.evaluation.single_photo import Example
from ml.photo.cutout import Cutout
from ml.scene.volume import VolumeScene
from ml.training import posing, shapes
from tests.ml.evaluation.conftest import OBJECT, VIEW
from tests.ml.training.primitives import cube


class CountingEngine:
    """The compact engine without its network; `calls` counts its inferences."""

    name = "counting"
    weights_hash = ""

    def __init__(self) -> None:
        self.calls = 0

    def infer(self, cutout: Cutout) -> VolumeScene:
        self.calls += 1
        return inflate(cutout)


@pytest.fixture(scope="module")
def photos() -> PhotoSet:
    return multi_photo.make_photo_set(shapes.generate(OBJECT), VIEW, count=2)


@pytest.fixture(scope="module")
def engine() -> CountingEngine:
    return CountingEngine()


@pytest.fixture(scope="module")
def outcomes(photos: PhotoSet, engine: CountingEngine) -> dict[Condition, list[Outcome]]:
    return multi_photo.score_all([photos], multi_photo.conditions([1, 2]), engine)


def outcome(f10: float, left_out: int = 0) -> Outcome:
    return Outcome("object", Scores(0.1, (0.0, f10, 1.0)), left_out, 1.0)


def test_the_first_photo_is_that_of_the_single_photo_evaluation(photos: PhotoSet, example: Example) -> None:
    assert np.array_equal(photos.cutouts[0].rgba, example.cutout.rgba)
    assert np.array_equal(photos.truth, example.truth)


def test_photos_are_a_quarter_turn_apart_at_different_elevations(monkeypatch: pytest.MonkeyPatch) -> None:
    views: list[tuple[float, float]] = []
    pose = posing.pose

    def recorded(vertices: Floats, faces: NDArray[np.int64], azimuth: float, elevation: float) -> posing.PosedMesh:
        views.append((azimuth, elevation))
        return pose(vertices, faces, azimuth, elevation)

    monkeypatch.setattr(posing, "pose", recorded)
    monkeypatch.setattr(single_photo, "SIZE", 16)
    multi_photo.make_photo_set(cube(), 7)
    assert np.diff([azimuth for azimuth, _ in views]).tolist() == pytest.approx([90.0, 90.0, 90.0])
    assert len({elevation for _, elevation in views}) == multi_photo.MAX_PHOTOS


def test_two_photos_are_measured_with_and_without_their_sides() -> None:
    conditions = multi_photo.conditions([4, 2])
    assert [condition.title for condition in conditions] == [
        "1 photo",
        "2 photos",
        "4 photos",
        "2 photos, sides not given",
    ]
    sides = [condition.sides() for condition in conditions[1:]]
    assert sides == [(0.0, 90.0), (0.0, 90.0, 180.0, 270.0), ("auto", "auto")]


def test_the_engine_infers_each_photo_once(outcomes: dict[Condition, list[Outcome]], engine: CountingEngine) -> None:
    assert engine.calls == 2
    assert [len(results) for results in outcomes.values()] == [1, 1, 1]


def test_the_gain_is_relative_to_one_photo(outcomes: dict[Condition, list[Outcome]]) -> None:
    one, two = outcomes[Condition(1)][0], outcomes[Condition(2)][0]
    assert one.gain == 0.0
    assert two.gain == pytest.approx(two.scores.f[1] - one.scores.f[1])


def test_the_summary_counts_worse_objects_and_photos_left_out() -> None:
    results = [replace(outcome(0.5), gain=-0.1), replace(outcome(0.7, left_out=1), gain=-0.01), outcome(0.9)]
    figures = multi_photo.summary(results)
    assert figures["@0.1"] == pytest.approx(0.7)
    assert [figures[key] for key in multi_photo.COUNTED] == [3.0, 1.0, 1.0]


def test_a_result_without_a_surface_scores_zero(photos: PhotoSet, monkeypatch: pytest.MonkeyPatch) -> None:
    def infer_empty(cutout: Cutout) -> VolumeScene:
        scene = inflate(cutout)
        return replace(scene, grid=scene.grid * 0.0)

    engine = CountingEngine()
    monkeypatch.setattr(engine, "infer", infer_empty)
    assert multi_photo.score_condition(photos, Condition(1), engine).scores.f == (0.0, 0.0, 0.0)
