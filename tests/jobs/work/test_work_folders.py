"""What a killed run leaves on the disk of its machine is cleared by that machine's worker."""

from __future__ import annotations

import os
import time
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import OperationalError
from pytest_django import Settings

from jobs.core import conversions
from jobs.models import Conversion, Job, State
from jobs.work import work_folders
from jobs.work.worker import make_worker
from tests.conftest import in_state

OLDER_THAN_A_RUN = 90_000


@pytest.fixture(autouse=True)
def work(settings: Settings, tmp_path: Path) -> Path:
    """An empty folder of this machine."""
    settings.VAR_DIR = tmp_path
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def left(work: Path, name: str, age: float = 120) -> Path:
    """A folder that has been there for `age` seconds."""
    folder = work / name
    (folder / "result").mkdir(parents=True)
    os.utime(folder, (time.time() - age, time.time() - age))
    return folder


def test_the_folder_of_a_job_that_does_not_run_is_deleted(job: Job, work: Path) -> None:
    folder = left(work, f"{job.pk}-x3k2")
    assert work_folders.sweep() == 1
    assert not folder.exists()


@pytest.mark.django_db
def test_the_folder_of_a_deleted_job_is_deleted(work: Path) -> None:
    left(work, f"{uuid4()}-x3k2")
    assert work_folders.sweep() == 1


def test_a_run_keeps_its_folder(job: Job, work: Path) -> None:
    in_state(job, State.RUNNING)
    folder = left(work, f"{job.pk}-x3k2")
    assert work_folders.sweep() == 0
    assert folder.exists()


def test_a_run_that_has_just_ended_removes_its_folder_itself(job: Job, work: Path) -> None:
    left(work, f"{job.pk}-x3k2", age=10)
    assert work_folders.sweep() == 0


@pytest.mark.parametrize(("failed", "swept"), [(False, 0), (True, 1)])
def test_a_conversion_keeps_its_folder_until_it_fails(job: Job, work: Path, failed: bool, swept: int) -> None:
    conversion = Conversion.objects.create(job=job, format="stl")
    if failed:
        conversions.fail(conversion, "internal")
    left(work, f"{job.pk}-x3k2")
    assert work_folders.sweep() == swept


@pytest.mark.django_db
def test_what_is_not_ours_is_left_alone_until_no_run_can_be_using_it(work: Path) -> None:
    folder = left(work, "lost+found")
    assert work_folders.sweep() == 0
    os.utime(folder, (time.time() - OLDER_THAN_A_RUN, time.time() - OLDER_THAN_A_RUN))
    assert work_folders.sweep() == 1


def test_a_worker_clears_its_disk(job: Job, work: Path) -> None:
    folder = left(work, f"{job.pk}-x3k2")
    make_worker("tidy").run_maintenance_tasks()
    assert not folder.exists()


def test_a_run_removes_its_folder(job: Job, work: Path) -> None:
    with work_folders.of_run(job.pk) as name:
        assert Path(name).parent == work
        assert Path(name).name.startswith(f"{job.pk}-")
    assert list(work.iterdir()) == []


def test_the_folder_of_a_killed_run_goes_at_once_and_those_of_other_workers_stay(
    job: Job, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed, other = make_worker("host").name, make_worker("host").name
    monkeypatch.setenv("RQ_WORKER_ID", killed)
    with work_folders.of_run(job.pk) as left_behind:
        (Path(left_behind) / "result").mkdir()
        monkeypatch.setenv("RQ_WORKER_ID", other)
        with work_folders.of_run(job.pk) as used:
            work_folders.remove_all_of(killed)
            assert list(work.iterdir()) == [Path(used)]


def test_a_worker_goes_on_without_a_database(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    def fail() -> int:
        raise OperationalError("away")

    monkeypatch.setattr(work_folders, "sweep", fail)
    make_worker("tidy").run_maintenance_tasks()
