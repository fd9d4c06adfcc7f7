"""A run: its folder, its listeners, and what remains after a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml.errors import ReconstructionError, Stopped
from ml.pipeline.run import Run, start_run
from ml.recipe import Recipe
from ml.stages import Listeners


def write(run: Run, *names: str) -> None:
    for name in names:
        (run.folder / name).write_text(name)


def test_files_are_moved_once_they_are_complete(tmp_path: Path) -> None:
    with start_run(Recipe(), tmp_path / "out", Listeners()) as run:
        write(run, "b.txt", "a.txt")
        assert not (tmp_path / "out" / "a.txt").exists()
        assert run.publish_rest() == ("a.txt", "b.txt")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.txt", "b.txt"}


def test_an_early_file_is_announced_after_it_was_moved(tmp_path: Path) -> None:
    found: list[bool] = []
    listeners = Listeners(on_file=lambda name: found.append((tmp_path / name).exists()))
    with start_run(Recipe(), tmp_path, listeners) as run:
        write(run, "early.txt")
        run.publish_early("early.txt")
    assert found == [True]


def test_a_failure_removes_published_files_and_a_folder_that_the_run_created(tmp_path: Path) -> None:
    with pytest.raises(ValueError), start_run(Recipe(), tmp_path / "out", Listeners()) as run:
        write(run, "early.txt")
        run.publish_early("early.txt")
        raise ValueError
    assert not (tmp_path / "out").exists()


def test_a_failure_keeps_a_folder_that_existed_before(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(KeyboardInterrupt), start_run(Recipe(), tmp_path, Listeners()):
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_memory_errors_become_their_own_code(tmp_path: Path) -> None:
    with pytest.raises(ReconstructionError) as error, start_run(Recipe(), tmp_path, Listeners()):
        raise MemoryError
    assert error.value.code == "out_of_memory"


def test_a_stage_reports_its_start_and_its_end_and_measures_its_cost(tmp_path: Path) -> None:
    steps: list[tuple[str, float]] = []
    listeners = Listeners(on_progress=lambda stage, fraction: steps.append((stage, fraction)))
    with start_run(Recipe(), tmp_path, listeners) as run, run.stage("mesh") as step:
        step(0.5)
    assert steps == [("mesh", 0.0), ("mesh", 0.5), ("mesh", 1.0)]
    assert [cost.stage for cost in run.costs.stages] == ["mesh"]


def test_a_stage_stops_on_request(tmp_path: Path) -> None:
    listeners = Listeners(should_stop=lambda: True)
    with pytest.raises(Stopped), start_run(Recipe(), tmp_path, listeners) as run, run.stage("mesh"):
        raise AssertionError("the stage started")
