"""Every way through a run ends in a terminal state, and a row exists exactly when its file is whole."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings
from rq.timeouts import JobTimeoutException

from jobs import runner, services
from jobs.models import Artifact, Job, State
from ml.errors import ReconstructionError, Stopped
from ml.pipeline import Reconstruction
from tests.conftest import in_state, stored_files

pytestmark = pytest.mark.django_db(transaction=True)

Pipeline = Callable[..., Reconstruction]


def writes_two_files(photos: list[bytes], recipe: Any, folder: Path, **hooks: Any) -> Reconstruction:
    """A pipeline of the same shape as the real one, in no time."""
    hooks["on_progress"]("scene", 0.5)
    for name in ("mesh.glb", "report.json"):
        (folder / name).write_bytes(name.encode())
    report = {"engine": "compact", "stages": [{"name": "scene", "seconds": 0.1}]}
    return Reconstruction(files=("mesh.glb", "report.json"), report=report, engine="compact")


def raises(error: BaseException) -> Pipeline:
    """A pipeline that ends with `error`."""

    def pipeline(*args: Any, **hooks: Any) -> Reconstruction:
        raise error

    return pipeline


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> Callable[[Pipeline], None]:
    """Put another pipeline in the place of the real one."""
    return lambda function: monkeypatch.setattr("ml.pipeline.reconstruct", function)


def run(job: Job) -> Job:
    runner.run(str(job.pk))
    job.refresh_from_db()
    return job


def test_a_good_run_keeps_every_file_and_its_facts(job: Job, pipeline: Callable[[Pipeline], None]) -> None:
    pipeline(writes_two_files)
    assert run(job).state == State.SUCCEEDED
    assert (job.engine, job.stage_seconds, job.progress) == ("compact", {"scene": 0.1}, 1.0)
    artifact = Artifact.objects.get(job=job, name="mesh.glb")
    with default_storage.open(str(artifact.file)) as file:
        assert file.read() == b"mesh.glb"
    assert artifact.size == len(b"mesh.glb")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ReconstructionError("no_subject"), "no_subject"),
        (JobTimeoutException("too long"), "timeout"),
        (MemoryError(), "out_of_memory"),
        (OSError(errno.ENOSPC, "full"), "storage_full"),
        (FileNotFoundError("photo"), "photo_missing"),
        (ZeroDivisionError("oops"), "internal"),
    ],
)
def test_every_error_becomes_a_code_and_keeps_no_file(
    job: Job, pipeline: Callable[[Pipeline], None], error: Exception, code: str
) -> None:
    pipeline(raises(error))
    assert run(job).failure_code == code
    assert job.failure_message
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_the_traceback_is_kept_for_staff_and_not_in_the_sentence(
    job: Job, pipeline: Callable[[Pipeline], None]
) -> None:
    pipeline(raises(ZeroDivisionError("oops")))
    run(job)
    assert "ZeroDivisionError" in job.failure_detail
    assert "ZeroDivisionError" not in job.failure_message


def test_a_cancel_during_the_run_ends_as_cancelled(
    job: Job, pipeline: Callable[[Pipeline], None], settings: Settings
) -> None:
    settings.BEAT_SECONDS = 0.01

    def waits_for_the_wish(*args: Any, **hooks: Any) -> Reconstruction:
        services.cancel(job.pk)
        while not hooks["should_stop"]():
            pass
        raise Stopped

    pipeline(waits_for_the_wish)
    assert run(job).state == State.CANCELLED


def test_a_run_past_its_time_ends_as_timeout(
    job: Job, pipeline: Callable[[Pipeline], None], settings: Settings
) -> None:
    settings.BEAT_SECONDS, settings.JOB_TIMEOUT = 0.01, 0.05

    def waits_for_the_end(*args: Any, **hooks: Any) -> Reconstruction:
        while not hooks["should_stop"]():
            pass
        raise Stopped

    pipeline(waits_for_the_end)
    assert run(job).failure_code == "timeout"


def test_a_run_that_lost_its_lease_keeps_nothing(job: Job, pipeline: Callable[[Pipeline], None]) -> None:
    def loses_the_lease(photos: list[bytes], recipe: Any, folder: Path, **hooks: Any) -> Reconstruction:
        done = writes_two_files(photos, recipe, folder, **hooks)
        Job.objects.update(lease_token="00000000-0000-0000-0000-000000000001")
        return done

    pipeline(loses_the_lease)
    assert run(job).state == State.RUNNING
    assert not Artifact.objects.exists()
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_a_stale_ring_does_nothing(job: Job, pipeline: Callable[[Pipeline], None]) -> None:
    in_state(job, State.CANCELLED)
    pipeline(raises(AssertionError("the pipeline must not run")))
    assert run(job).state == State.CANCELLED


def test_a_second_attempt_replaces_nothing_of_another_run(job: Job, pipeline: Callable[[Pipeline], None]) -> None:
    pipeline(raises(ReconstructionError("no_subject")))
    run(job)
    services.retry(job)
    pipeline(writes_two_files)
    assert run(job).state == State.SUCCEEDED
    assert job.attempt == 2
    assert job.artifacts.count() == 2


def test_nothing_stays_in_the_working_folder(
    job: Job, pipeline: Callable[[Pipeline], None], settings: Settings
) -> None:
    pipeline(writes_two_files)
    run(job)
    assert list((settings.VAR_DIR / "work").glob(f"{job.pk}*")) == []
