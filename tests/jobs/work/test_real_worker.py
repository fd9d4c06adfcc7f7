"""Real Redis, real worker processes, the real pipeline; and SIGKILL."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import django_rq
import psutil
import pytest
import trimesh
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone
from PIL import Image

from accounts.models import User
from jobs.core import conversions, queue, services, worker_heartbeat
from jobs.models import Artifact, Job, JobEvent, State
from jobs.work import reconciler
from jobs.work.work_folders import FRESH_SECONDS
from jobs.work.worker import ReconstructionWorker
from ml import files
from ml.recipe import Recipe
from ml.stages import STAGE_NAMES
from tests.conftest import encoded
from tests.live import Process, start_worker, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.worker]

TIMEOUT_SECONDS = 150.0
"""For everything that a worker does; a slow machine needs most of it to load torch."""
SHORT_LEASE = {"LEASE_SECONDS": "3", "BEAT_SECONDS": "0.5"}
SMALL: dict[str, Any] = {"grid": 48, "faces": 500, "texture_size": 128, "frame_size": 64, "frame_count": 2}
"""A recipe for tests in which the model does not matter."""


def state_of(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def wait_for(job: Job, *states: State) -> None:
    wait_until(lambda: state_of(job) in states, TIMEOUT_SECONDS, f"{job} as one of {states}")


def wait_for_stage(job: Job, stage: str) -> None:
    events = JobEvent.objects.filter(job=job, stage=stage)
    wait_until(events.exists, TIMEOUT_SECONDS, f"stage {stage}")


def wait_for_early(job: Job, name: str) -> Artifact:
    """The file's row while the job is running."""
    early = Artifact.objects.filter(job=job, name=name, job__state=State.RUNNING)
    wait_until(early.exists, TIMEOUT_SECONDS, f"{name} before the end")
    return early.get()


def wait_for_one_run(job: Job) -> None:
    """Only the files of the successful run remain; the others are deleted after the commit of its state."""
    wait_until(
        lambda: len(default_storage.listdir(f"jobs/{job.pk}")[0]) == 1, TIMEOUT_SECONDS, "the end of all other files"
    )


class Workers:
    """The one worker of this module, replaced once a test has ended it: loading torch takes most of a test's time."""

    def __init__(self) -> None:
        self.current: Process | None = None

    def running(self) -> Process:
        """A running worker with a short lease; nothing that earlier tests have queued is left for it."""
        if self.current is None or self.current.popen.poll() is not None:
            self.end()
            for name in settings.RQ_QUEUES:
                django_rq.get_queue(name).empty()  # type: ignore[no-untyped-call]
            self.current = start_worker(**SHORT_LEASE)
        return self.current

    def end(self) -> None:
        if self.current is not None:
            self.current.end()


@pytest.fixture(scope="module")
def workers(django_db_setup: None) -> Iterator[Workers]:
    """Holds the worker that the tests of this module share."""
    shared = Workers()
    yield shared
    shared.end()


@pytest.fixture
def worker(workers: Workers) -> Process:
    """A running worker with a short lease."""
    return workers.running()


def test_a_photo_becomes_every_result_file(worker: Process, submit: Callable[..., Job]) -> None:
    job = submit()
    wait_for(job, State.SUCCEEDED, State.FAILED)
    assert job.failure_detail == ""
    names = set(job.artifacts.values_list("name", flat=True))
    assert names == {file.name for file in files.result_files()} | {files.frame_name(number) for number in range(30)}
    for artifact in job.artifacts.all():
        assert default_storage.size(str(artifact.file)) == artifact.size > 0
    with default_storage.open(str(job.artifacts.get(name=files.GLB).file)) as file:
        assert len(trimesh.load_scene(file, file_type="glb").geometry) == 1
    assert list(job.events.filter(kind="stage").values_list("stage", flat=True)) == list(STAGE_NAMES)
    assert set(job.stage_seconds) == set(STAGE_NAMES)


def test_a_job_queued_by_the_version_before_the_packages_still_runs(
    worker: Process, submit: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "enqueue", lambda job_id, attempt: True)
    job = submit(**SMALL)
    django_rq.get_queue(settings.JOB_QUEUE).enqueue("jobs.runner.run", str(job.pk), job_id=f"{job.pk}-1")
    wait_for(job, State.SUCCEEDED, State.FAILED)
    assert job.state == State.SUCCEEDED


def test_the_job_of_a_killed_worker_begins_again_before_its_lease_expires(
    worker: Process, workers: Workers, submit: Callable[..., Job]
) -> None:
    job = submit(**SMALL)
    wait_for_stage(job, "cutout")
    Job.objects.update(lease_expires_at=timezone.now() + timedelta(seconds=20))
    worker.kill()
    wait_until(lambda: reconciler.reconcile().expired == 1, 5.0, "the end of the dead run")
    assert state_of(job) == State.QUEUED
    workers.running()
    reconciler.requeue_lost()
    queue.enqueue(job.pk, job.attempt, job.run)
    wait_for(job, State.SUCCEEDED, State.FAILED)
    assert (job.state, job.attempt, job.restarts) == (State.SUCCEEDED, 1, 1)
    wait_for_one_run(job)


def test_the_job_of_a_killed_work_horse_begins_again_with_less_memory(
    worker: Process, submit: Callable[..., Job]
) -> None:
    job = submit(**SMALL)
    wait_for_stage(job, "cutout")
    worker.horse().kill()
    wait_for(job, State.SUCCEEDED, State.FAILED)
    assert (job.state, job.restarts, job.low_memory) == (State.SUCCEEDED, 1, True)
    assert worker.popen.poll() is None
    wait_for_one_run(job)
    wait_until(lambda: not [*(settings.VAR_DIR / "work").glob(f"{job.pk}-*")], FRESH_SECONDS / 2, "empty folder")


def test_an_orphaned_work_horse_ends_its_run_and_itself(worker: Process, submit: Callable[..., Job]) -> None:
    job = submit()
    wait_for_stage(job, "cutout")
    horse, engine = worker.horse(), worker.engine()
    worker.popen.kill()
    wait_for(job, State.QUEUED)
    assert job.restarts == 1
    psutil.wait_procs([horse, engine], timeout=TIMEOUT_SECONDS)
    assert not horse.is_running()
    assert not engine.is_running()
    services.cancel(job.pk)


def test_the_job_of_a_killed_engine_begins_again_on_a_new_one(worker: Process, submit: Callable[..., Job]) -> None:
    job = submit(**SMALL)
    wait_for_stage(job, "cutout")
    worker.engine().kill()
    wait_for(job, State.SUCCEEDED, State.FAILED)
    assert (job.state, job.restarts, job.low_memory) == (State.SUCCEEDED, 1, True)


def test_an_engine_that_ends_before_the_run_began_costs_nothing(worker: Process, submit: Callable[..., Job]) -> None:
    wait_for(submit(**SMALL), State.SUCCEEDED)
    engine = worker.engine()
    engine.suspend()
    job = submit(**SMALL)
    wait_for(job, State.RUNNING)
    engine.kill()
    wait_for(job, State.SUCCEEDED, State.FAILED)
    assert (job.state, job.restarts) == (State.SUCCEEDED, 0)


def test_a_frozen_engine_is_replaced(worker: Process, submit: Callable[..., Job]) -> None:
    wait_for(submit(**SMALL), State.SUCCEEDED)
    engine = worker.engine()
    engine.suspend()
    job = submit(**SMALL)
    wait_for(job, State.RUNNING)
    wait_until(lambda: not engine.is_running(), 20.0, "the end of the frozen engine")
    wait_for(job, State.SUCCEEDED, State.FAILED)
    assert (job.state, job.restarts) == (State.SUCCEEDED, 0)


def test_a_worker_that_is_told_twice_to_stop_gives_its_job_back(
    worker: Process, workers: Workers, submit: Callable[..., Job]
) -> None:
    job = submit()
    wait_for_stage(job, "cutout")
    worker.popen.terminate()
    time.sleep(1.1)  # RQ takes two signals within a second for one
    worker.popen.terminate()
    worker.popen.wait(TIMEOUT_SECONDS)
    assert state_of(job) == State.QUEUED
    assert job.restarts == 0
    services.cancel(job.pk)


def test_the_engine_stays_warm_from_job_to_job(worker: Process, submit: Callable[..., Job]) -> None:
    first = submit(**SMALL)
    wait_for(first, State.SUCCEEDED)
    engine = worker.engine()
    second = submit(**SMALL)
    wait_for(second, State.SUCCEEDED)
    assert worker.engine() == engine


def test_a_converted_file_is_the_one_that_the_job_would_have_made(worker: Process, submit: Callable[..., Job]) -> None:
    job = submit(**SMALL)
    wait_for(job, State.SUCCEEDED, State.FAILED)
    made = job.artifacts.get(name=files.STL)
    made.delete()
    conversions.request(job, "stl")
    converted = job.artifacts.filter(name=files.STL)
    wait_until(converted.exists, TIMEOUT_SECONDS, "the converted file")
    assert (converted.get().sha256, converted.get().size) == (made.sha256, made.size)
    assert default_storage.size(str(converted.get().file)) == made.size


def test_cutout_and_preview_are_available_while_the_job_runs(worker: Process, submit: Callable[..., Job]) -> None:
    job = submit(frame_count=120)  # a long turntable, so that the run cannot end between two polls
    for name in (files.CUTOUT, files.PREVIEW):
        early = wait_for_early(job, name)
        assert default_storage.size(str(early.file)) == early.size > 0
    wait_for(job, State.SUCCEEDED, State.FAILED)
    assert job.state == State.SUCCEEDED
    wait_for_one_run(job)


def test_a_remix_skips_the_networks_and_survives_the_deletion_of_its_parent(
    worker: Process, submit: Callable[..., Job]
) -> None:
    parent = submit(**SMALL)
    wait_for(parent, State.SUCCEEDED, State.FAILED)
    child = services.remix(parent, Recipe(quality="draft", height_mm=42.0, **SMALL)).job
    wait_for(child, State.SUCCEEDED, State.FAILED)
    assert child.failure_detail == ""
    assert not {"prepare", "cutout", "scene"} & set(child.stage_seconds)
    assert set(child.artifacts.values_list("name")) == set(parent.artifacts.values_list("name"))
    services.delete(parent.pk)
    child.refresh_from_db()
    grandchild = services.remix(child, Recipe(quality="draft", formats=("stl",), **SMALL)).job
    wait_for(grandchild, State.SUCCEEDED, State.FAILED)
    assert grandchild.state == State.SUCCEEDED
    assert grandchild.artifacts.filter(name=files.STL).exists()
    assert not grandchild.artifacts.filter(name=files.OBJ).exists()


def test_a_running_job_can_be_cancelled(worker: Process, submit: Callable[..., Job]) -> None:
    job = submit()
    wait_for_stage(job, "cutout")
    assert services.cancel(job.pk)
    wait_for(job, State.CANCELLED, State.FAILED, State.SUCCEEDED)
    assert job.state == State.CANCELLED
    assert not job.artifacts.exists()


def test_a_photo_without_an_object_fails_with_a_message(worker: Process, owner: User) -> None:
    white = encoded(Image.new("RGB", (300, 300), "white"))
    job = services.submit(owner, [(white, "white.png")], Recipe(quality="draft")).job
    wait_for(job, State.FAILED, State.SUCCEEDED)
    assert job.failure_code == "no_subject"
    assert "single object" in job.failure_message


def test_a_worker_is_online_while_it_runs(worker: Process) -> None:
    wait_until(worker_heartbeat.worker_online, TIMEOUT_SECONDS, "the worker's heartbeat")
    worker.popen.terminate()
    worker.popen.wait(TIMEOUT_SECONDS)
    assert not worker_heartbeat.worker_online()


def test_a_worker_that_is_terminated_while_it_starts_leaves_no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    def terminated_at_start(worker: ReconstructionWorker, **options: object) -> None:
        assert worker_heartbeat.worker_online()
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(ReconstructionWorker, "work", terminated_at_start)
    before = signal.signal(signal.SIGTERM, lambda *_: None)  # pytest survives a worker without a handler
    try:
        with pytest.raises(SystemExit):
            call_command("worker")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert not worker_heartbeat.worker_online()
