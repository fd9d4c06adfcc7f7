"""What a GPU is worth is measured before a run, and the flags follow from it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ml.training import train as loop
from ml.training.gpu import pack, probe
from ml.training.gpu.cache import Cache
from ml.training.gpu.meshes import load
from ml.training.gpu.train import Settings
from tests.ml.training.gpu.test_train import SMALL, boxes


@pytest.fixture
def options(tmp_path: Path) -> Settings:
    pack.write(tmp_path / "pack.npz", boxes(False, 4), [])
    run = loop.Settings(folder=tmp_path, network=SMALL, weights=Path(), batch=2)
    return Settings(tmp_path / "pack.npz", run, render=2)


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ((0.2, 0.1, 0.05), ["--frozen-encoder --reuse 4.7", "--frozen-encoder --compile-network --reuse 9.3"]),
        ((0.1, 0.08, 0.099), ["--reuse 4.7", "--reuse 4.7"]),
        ((0.1, 0.08, float("inf")), ["--reuse 4.7", "--reuse 4.7"]),
        ((9.0, 8.0, 8.5), ["--reuse 2.0", "--reuse 2.0"]),
    ],
)
def test_only_what_is_worth_it_is_recommended(
    options: Settings, costs: tuple[float, ...], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = iter(costs)
    monkeypatch.setattr(probe, "_rendering", lambda *_: (["--kernel plain"], 0.1, Cache(1)))
    monkeypatch.setattr(probe, "_step", lambda *_: next(steps))
    kept: list[str] = []
    probe.measure(options, kept.append)
    assert kept == [f"--kernel plain {flags}" for flags in expected]


@pytest.mark.slow
def test_rendering_and_a_step_are_timed(
    options: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(probe, "REPEATS", 1)
    packed, random = load(options.pack, torch.device("cpu")), torch.Generator().manual_seed(0)
    flags, seconds, cache = probe._rendering(options, packed, random)
    assert flags == ["--kernel plain"] and 0.0 < seconds < 60.0 and cache.made >= 2
    assert 0.0 < probe._step(replace(options, frozen_encoder=True), cache, random, "step") < 60.0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [next(iter(entry)) for entry in printed] == ["rendering, plain", "augmentation", "step", "losses"]


def test_a_way_that_fails_costs_infinitely_much(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise RuntimeError("no compiler")

    assert probe._seconds("step, compiled", fail) == float("inf")
    assert "no compiler" in capsys.readouterr().err
