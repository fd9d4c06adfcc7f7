from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from torch import Tensor

from ml.core.images import Floats
from ml.errors import ReconstructionError
from ml.scene import query
from tests.ml.scenes import AnalyticScene, FieldScene


@dataclass(frozen=True)
class CountingScene(AnalyticScene):
    """Records the size of each query."""

    sizes: list[int] = field(default_factory=list)

    def density(self, points: Tensor) -> Tensor:
        self.sizes.append(len(points))
        return super().density(points)


@dataclass(frozen=True)
class NaNColors(AnalyticScene):
    def color(self, points: Tensor) -> Tensor:
        return torch.full((len(points), 3), float("nan"))


@pytest.fixture
def points() -> Floats:
    return np.random.default_rng(0).uniform(-0.8, 0.8, (1000, 3)).astype(np.float32)


def test_chunks_do_not_change_densities_or_colors(points: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "CHUNK", 300)
    monkeypatch.setattr(query, "free_memory", lambda: 1 << 40)
    scene = CountingScene()
    assert query.densities(scene, points) == pytest.approx(AnalyticScene().density(torch.from_numpy(points)).numpy())
    assert scene.sizes == [300, 300, 300, 100]
    assert query.scene_colors(scene, points) == pytest.approx(scene.color(torch.from_numpy(points)).numpy())


def test_chunks_are_smaller_when_memory_is_short(points: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "CHUNK", 800)
    monkeypatch.setattr(query, "free_memory", lambda: 0)
    scene = CountingScene()
    query.densities(scene, points)
    assert max(scene.sizes) == 100


def test_no_points_give_no_values() -> None:
    nothing = np.zeros((0, 3), np.float32)
    assert query.densities(AnalyticScene(), nothing).shape == (0,)
    assert query.scene_colors(AnalyticScene(), nothing).shape == (0, 3)


def test_densities_are_finite_or_an_error() -> None:
    point = np.zeros((1, 3), np.float32)
    assert np.isfinite(query.densities(FieldScene(value=float("inf")), point)).all()
    with pytest.raises(ReconstructionError) as caught:
        query.densities(FieldScene(value=float("nan")), point)
    assert caught.value.code == "empty_scene"


def test_colors_that_are_not_numbers_are_grey() -> None:
    assert query.scene_colors(NaNColors(), np.zeros((1, 3), np.float32)).tolist() == [[0.5, 0.5, 0.5]]
