"""A worker that starts for the first time finds out how fast its machine is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from jobs.core import estimates, machine_speed
from jobs.work import calibration
from jobs.work.engine_process import SOCKET_VARIABLE, WarmEngine
from ml.recipe import QUALITIES, Recipe
from ml.reference_times import CALIBRATION
from tests.conftest import api_of, make_user, signed_in
from tests.live import start_worker, wait_until

pytestmark = pytest.mark.django_db


def start_with(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that `start` begins."""
    commands: list[list[str]] = []
    monkeypatch.setattr("jobs.work.calibration.subprocess.Popen", lambda command, **_: commands.append(command))
    calibration.start("/socket")
    return commands


def test_it_runs_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CALIBRATE = True
    assert [command[1:] for command in start_with(monkeypatch)] == [["manage.py", "calibrate"]]
    machine_speed.record(1.5)
    assert start_with(monkeypatch) == []


def test_it_can_be_turned_off(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CALIBRATE = False
    assert start_with(monkeypatch) == []


def measured(tmp_path: Path, *messages: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """The seconds, and the request that the engine received, if it sends these messages and disconnects."""
    ours, theirs = Pipe()
    for message in messages:
        theirs.send_bytes(json.dumps(message).encode())
    seconds = calibration.measure(ours, tmp_path)
    return seconds, json.loads(theirs.recv_bytes())


def test_the_clock_starts_with_the_first_stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clock: Iterator[float] = iter(range(0, 1000, 10))
    monkeypatch.setattr(calibration, "monotonic", lambda: float(next(clock)))
    progress: dict[str, Any] = {"progress": ["cutout", 0.1]}
    seconds, request = measured(tmp_path, {"alive": True}, progress, {"alive": True}, progress, {"done": {}})
    # Each look at the clock adds 10 s: one before each of the three messages after the first stage, and the last.
    assert seconds == 40.0
    assert Recipe.from_dict(request["recipe"]) == CALIBRATION


def test_a_failed_calibration_stores_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(calibration.NotMeasured):
        measured(tmp_path, {"error": "Traceback"})
    monkeypatch.setenv(SOCKET_VARIABLE, str(tmp_path / "none"))
    monkeypatch.setattr("ml.peer.START_SECONDS", 0.0)
    with pytest.raises(calibration.NotMeasured):
        calibration.calibrate()
    assert machine_speed.factor() == 1.0


@pytest.mark.slow
def test_a_real_engine_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = WarmEngine()
    monkeypatch.setenv(SOCKET_VARIABLE, engine.address)
    try:
        engine.ensure_running()
        factor = calibration.calibrate()
    finally:
        engine.stop()
    assert machine_speed.factor() == factor > 0.0


def api_estimates() -> dict[str, float | None]:
    """`estimate_seconds` of each quality."""
    return {row["name"]: row["estimate_seconds"] for row in api_of(None).get("/api/v1/server/").json()["qualities"]}


@pytest.mark.slow
@pytest.mark.worker
@pytest.mark.django_db(transaction=True)
def test_the_first_start_of_a_worker_gives_every_quality_a_time_of_this_machine() -> None:
    before = api_estimates()
    worker = start_worker(CALIBRATE="1")
    try:
        wait_until(machine_speed.is_known, 2 * calibration.MAX_SECONDS, "calibration")
    finally:
        worker.end()
    estimates.forget()
    after = api_estimates()
    assert set(before) == set(after) == set(QUALITIES)
    assert None not in before.values()
    factor = machine_speed.factor()
    assert after == {name: pytest.approx(seconds * factor, abs=0.2) for name, seconds in before.items() if seconds}
    page = signed_in(make_user("ada")).get("/new/").content.decode()
    assert all(f'data-estimate="{name}">about <span data-seconds="{after[name]:.1f}">' in page for name in QUALITIES)
