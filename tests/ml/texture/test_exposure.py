from dataclasses import dataclass, replace

import numpy as np
import pytest

from ml.texture import exposure
from ml.texture.exposure import Floats


@dataclass(frozen=True)
class Seen:
    color: Floats
    trust: Floats


@pytest.fixture
def first() -> Seen:
    color = np.random.default_rng(1).uniform(0.2, 0.7, (1000, 3)).astype(np.float32)
    return Seen(color, np.ones(1000, np.float32))


def test_a_darker_photo_is_brightened_by_its_own_channels_factor(first: Seen) -> None:
    tinted = replace(first, color=first.color * np.float32([0.8, 1.0, 1.25]))
    found = exposure.gains([first, tinted])
    assert found[0] == pytest.approx([1.0, 1.0, 1.0])
    assert found[1] == pytest.approx([1.25, 1.0, 0.8], abs=0.02)


def test_a_third_photo_is_reached_through_the_second(first: Seen) -> None:
    early, late = np.arange(1000) < 600, np.arange(1000) >= 400
    one = replace(first, trust=np.where(early, first.trust, np.float32(0.0)) * (np.arange(1000) < 500))
    two = Seen(first.color * np.float32(0.9), first.trust)
    three = Seen(first.color * np.float32(0.81), late.astype(np.float32) * (np.arange(1000) >= 500))
    assert exposure.gains([one, two, three])[2] == pytest.approx([1 / 0.81] * 3, abs=0.03)


def test_photos_that_share_nothing_stay_as_they_are(first: Seen) -> None:
    apart = replace(first, color=first.color * np.float32(0.5), trust=np.zeros(1000, np.float32))
    assert exposure.gains([first, apart])[1] == pytest.approx([1.0] * 3)


def test_a_difference_too_large_for_light_is_only_followed_so_far(first: Seen) -> None:
    other = replace(first, color=first.color * np.float32(0.3))
    assert exposure.gains([first, other])[1].max() <= exposure.MOST_GAIN + 1e-6
