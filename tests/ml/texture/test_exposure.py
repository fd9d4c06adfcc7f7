from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ml.core.images import Floats
from ml.texture import exposure


@dataclass(frozen=True)
class Observation:
    color: Floats
    confidence: Floats


@pytest.fixture
def first() -> Observation:
    color = np.random.default_rng(1).uniform(0.2, 0.7, (1000, 3)).astype(np.float32)
    return Observation(color, np.ones(1000, np.float32))


def test_a_tinted_photo_is_corrected_in_each_channel(first: Observation) -> None:
    tinted = replace(first, color=first.color * np.array([0.8, 1.0, 1.25], np.float32))
    found = exposure.gains([first, tinted])
    assert found[0] == pytest.approx([1.0, 1.0, 1.0])
    assert found[1] == pytest.approx([1.25, 1.0, 0.8], abs=0.02)


def test_a_third_photo_is_matched_through_the_second(first: Observation) -> None:
    early, late = np.arange(1000) < 600, np.arange(1000) >= 400
    one = replace(first, confidence=np.where(early, first.confidence, np.float32(0.0)) * (np.arange(1000) < 500))
    two = Observation(first.color * np.float32(0.9), first.confidence)
    three = Observation(first.color * np.float32(0.81), late.astype(np.float32) * (np.arange(1000) >= 500))
    assert exposure.gains([one, two, three])[2] == pytest.approx([1 / 0.81] * 3, abs=0.03)


def test_photos_that_share_no_points_are_unchanged(first: Observation) -> None:
    separate = replace(first, color=first.color * np.float32(0.5), confidence=np.zeros(1000, np.float32))
    assert exposure.gains([first, separate])[1] == pytest.approx([1.0] * 3)


def test_gains_are_limited(first: Observation) -> None:
    other = replace(first, color=first.color * np.float32(0.3))
    assert exposure.gains([first, other])[1].max() <= exposure.MAX_GAIN + 1e-6
