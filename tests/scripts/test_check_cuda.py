"""The check of a CUDA device, rehearsed on the CPU at a tiny size."""

from __future__ import annotations

import json

import pytest
import torch

from scripts import check_cuda


@pytest.mark.slow
def test_the_figures_of_a_device_are_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_cuda, "SECONDS", 0.0)
    monkeypatch.setattr(check_cuda, "GRID", 16)
    monkeypatch.setattr(check_cuda, "VIEWS", 1)
    figures = json.loads(json.dumps(dict(check_cuda.measure(torch.device("cpu"), ["tiny"], [1, 2]))))
    exact, half = figures["triposr tiny float32"], figures["triposr tiny float16"]
    assert max(exact["errors"].values()) < 1e-4
    assert 1e-5 < half["errors"]["scene_codes"] < 0.05
    assert set(exact["photos_per_second"]) == {"1", "2"}
    assert min(exact["seconds"].values()) >= 0.0
    assert max(figures["compact"]["differences"].values()) < 1e-5


def test_without_a_device_it_says_so_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert check_cuda.main() == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "There is no CUDA device here; nothing was measured.\n"
