"""Several photos of one object, measured: what they show, who is told which side, and how the figures are counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.core.images import Floats
from ml.engines.compact.engine import inflate
from ml.evaluation import multi_photo as photos
from ml.evaluation import single_photo
from ml.evaluation.multi_photo import Outcome, Sitting, Way
from ml.evaluation.score import Scores
from ml.photo.cutout import Cutout
from ml.scene.volume import VolumeScene
from ml.training import posing, shapes
from tests.ml.training.solids import cube


class Counting:
    """The engine without its network; `asked` counts its answers."""

    name = "counting"
    weights_hash = ""

    def __init__(self) -> None:
        self.asked = 0

    def infer(self, cutout: Cutout) -> VolumeScene:
        self.asked += 1
        return inflate(cutout)


@pytest.fixture(scope="module")
def sitting() -> Sitting:
    return photos.sitting(shapes.generate(1), 7)


@pytest.fixture(scope="module")
def engine() -> Counting:
    return Counting()


@pytest.fixture(scope="module")
def found(sitting: Sitting, engine: Counting) -> dict[Way, list[Outcome]]:
    return photos.judged([sitting], photos.ways([1, 2]), engine)


def outcome(f10: float, left_out: int = 0) -> Outcome:
    return Outcome("object", Scores(0.1, (0.0, f10, 1.0)), left_out, 1.0)


def test_the_first_photo_is_the_one_that_single_photos_are_judged_by(sitting: Sitting) -> None:
    single = single_photo.example(shapes.generate(1), 7)
    assert np.array_equal(sitting.cutouts[0].rgba, single.cutout.rgba)
    assert np.array_equal(sitting.truth, single.truth)


def test_each_photo_stands_a_quarter_turn_further_round_at_a_height_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[tuple[float, float]] = []
    pose = posing.pose

    def recorded(vertices: Floats, faces: NDArray[np.int64], azimuth: float, elevation: float) -> posing.View:
        taken.append((azimuth, elevation))
        return pose(vertices, faces, azimuth, elevation)

    monkeypatch.setattr(posing, "pose", recorded)
    photos.sitting(cube(), 7)
    assert np.diff([azimuth for azimuth, _ in taken]).tolist() == pytest.approx([90.0, 90.0, 90.0])
    assert len({elevation for _, elevation in taken}) == photos.MOST


def test_two_photos_are_judged_with_and_without_their_sides() -> None:
    wanted = photos.ways([4, 2])
    assert [way.title for way in wanted] == ["1 photo", "2 photos", "4 photos", "2 photos, sides not told"]
    assert [way.sides() for way in wanted[1:]] == [(0.0, 90.0), (0.0, 90.0, 180.0, 270.0), ("auto", "auto")]


def test_the_engine_is_asked_once_for_each_photo(found: dict[Way, list[Outcome]], engine: Counting) -> None:
    assert engine.asked == photos.MOST
    assert [len(outcomes) for outcomes in found.values()] == [1, 1, 1]


def test_what_is_gained_is_counted_from_one_photo(found: dict[Way, list[Outcome]]) -> None:
    one, two = found[Way(1)][0], found[Way(2)][0]
    assert one.gain == 0.0
    assert two.gain == pytest.approx(two.scores.f[1] - one.scores.f[1])


def test_the_summary_counts_what_got_worse_and_what_was_left_out() -> None:
    results = [replace(outcome(0.5), gain=-0.1), replace(outcome(0.7, left_out=1), gain=-0.01), outcome(0.9)]
    figures = photos.summary(results)
    assert figures["@0.1"] == pytest.approx(0.7)
    assert [figures[key] for key in photos.COUNTS] == [3.0, 1.0, 1.0]


def test_an_object_of_which_nothing_is_left_scores_nothing(sitting: Sitting, monkeypatch: pytest.MonkeyPatch) -> None:
    def empty(cutout: Cutout) -> VolumeScene:
        scene = inflate(cutout)
        return replace(scene, grid=scene.grid * 0.0)

    engine = Counting()
    monkeypatch.setattr(engine, "infer", empty)
    assert photos.judge(sitting, Way(1), engine).scores.f == (0.0, 0.0, 0.0)
