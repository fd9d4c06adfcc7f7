"""The report: costs, versions and its file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ml.pipeline import report


def test_costs_add_up_and_the_peak_is_the_highest() -> None:
    costs = report.Costs([report.StageCost("cutout", 1.5, 300.0), report.StageCost("mesh", 0.25, 200.0)])
    summary = costs.to_dict()
    assert (summary["seconds"], summary["peak_mb"]) == (1.75, 300.0)
    assert summary["stages"][1] == {"name": "mesh", "seconds": 0.25, "peak_mb": 200.0}


def test_a_repeated_stage_replaces_its_earlier_cost() -> None:
    costs = report.Costs([report.StageCost("surface", 99.0, 1.0), report.StageCost("mesh", 1.0, 1.0)])
    with costs.measured("surface"):
        pass
    assert [cost.stage for cost in costs.stages] == ["mesh", "surface"]
    assert costs.stages[1].seconds < 99.0


def test_the_peak_is_plausible_for_this_process() -> None:
    assert 10.0 < report.peak_mb() < 100_000.0


def test_the_versions_name_python_and_the_installed_libraries() -> None:
    assert {"python", "torch", "numpy", "pillow"} <= set(report.versions())


def test_the_file_is_readable_json(tmp_path: Path) -> None:
    report.write({"notes": ["Größe"]}, tmp_path / "report.json")
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert "Größe" in text
    assert json.loads(text) == {"notes": ["Größe"]}


def test_values_that_are_not_json_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        report.write({"psnr_db": float("nan")}, tmp_path / "report.json")
