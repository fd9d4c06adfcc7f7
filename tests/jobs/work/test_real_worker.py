"""Real Redis, real worker processes, the real pipeline; and SIGKILL."""

import os
import signal
from collections.abc import Callable, Iterator

import psutil
import pytest
import trimesh
from django.core.files.storage import default_storage
from django.core.management import call_command
from PIL import Image

from accounts.models import User
from jobs.core import services, worker_heartbeat
from jobs.models import Artifact, Job, JobEvent, State
from jobs.work import reconciler
from jobs.work.worker import ReconstructionWorker
from ml import files
from ml.recipe import Recipe
from ml.stages import STAGE_NAMES
from tests.conftest import encoded
from tests.live import Process, start_worker, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PATIENCE = 150.0
SHORT_LEASE = {"LEASE_SECONDS": "3", "BEAT_SECONDS": "0.5"}


def state_of(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def wait_for(job: Job, *states: State) -> None:
    wait_until(lambda: state_of(job) in states, PATIENCE, f"{job} as one of {states}")


def wait_for_stage(job: Job, stage: str) -> None:
    events = JobEvent.objects.filter(job=job, stage=stage)
    wait_until(events.exists, PATIENCE, f"stage {stage}")


def wait_for_early(job: Job, name: str) -> Artifact:
    """The file's row, as it is while the run goes on."""
    seen: list[Artifact] = []
    early = Artifact.objects.filter(job=job, name=name, job__state=State.RUNNING)
    wait_until(lambda: bool(seen.extend(early.all()) or seen), PATIENCE, f"{name} before the end")
    return seen[0]


def wait_for_one_run(job: Job) -> None:
    """Only the files of the run that succeeded stay. They go after the row says so: after the commit."""
    wait_until(lambda: len(default_storage.listdir(f"jobs/{job.pk}")[0]) == 1, PATIENCE, "the end of all other files")


@pytest.fixture
def worker() -> Iterator[Process]:
    """One worker with a short lease."""
    process = start_worker(**SHORT_LEASE)
    yield process
    process.end()


def test_a_photo_becomes_every_file_of_the_contract(worker: Process, submit: Callable[..., Job]) -> None:
    job = submit()
    wait_for(job, State.SUCCEEDED, State.FAILED)
    assert job.failure_detail == ""
    names = set(job.artifacts.values_list("name", flat=True))
    assert names == {each.name for each in files.result_files()} | {files.frame_name(i) for i in range(30)}
    for artifact in job.artifacts.all():
        assert default_storage.size(str(artifact.file)) == artifact.size > 0
    with default_storage.open(str(job.artifacts.get(name=files.GLB).file)) as file:
        assert len(trimesh.load(file, file_type="glb").geometry) == 1
    assert list(job.events.filter(kind="stage").values_list("stage", flat=True)) == list(STAGE_NAMES)
    assert set(job.stage_seconds) == set(STAGE_NAMES)


def test_a_killed_worker_is_told_and_a_retry_succeeds(worker: Process, submit: Callable[..., Job]) -> None:
    job = submit()
    wait_for_stage(job, "cutout")
    worker.kill()
    wait_until(lambda: reconciler.reconcile().expired == 1, PATIENCE, "the end of the lease")
    assert state_of(job) == State.FAILED
    assert job.failure_code == "worker_lost"
    assert services.retry(job)
    second = start_worker(**SHORT_LEASE)
    try:
        wait_for(job, State.SUCCEEDED, State.FAILED)
    finally:
        second.end()
    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)
    wait_for_one_run(job)


def test_a_killed_work_horse_is_told_at_once_and_its_worker_lives_on(
    worker: Process, submit: Callable[..., Job]
) -> None:
    job = submit()
    wait_for_stage(job, "cutout")
    worker.horse().kill()
    wait_for(job, State.FAILED)
    assert job.failure_code == "worker_lost"
    assert worker.popen.poll() is None


def test_an_orphaned_work_horse_gives_its_job_up(worker: Process, submit: Callable[..., Job]) -> None:
    job = submit()
    wait_for_stage(job, "cutout")
    horse, engine = worker.horse(), worker.engine()
    worker.popen.kill()
    wait_for(job, State.FAILED)
    assert job.failure_code == "worker_lost"
    psutil.wait_procs([horse, engine], timeout=PATIENCE)
    assert not horse.is_running()
    assert not engine.is_running()


def test_a_killed_engine_is_told_and_the_next_job_gets_a_new_one(worker: Process, submit: Callable[..., Job]) -> None:
    job = submit()
    wait_for_stage(job, "cutout")
    worker.engine().kill()
    wait_for(job, State.FAILED)
    assert job.failure_code == "worker_lost"
    assert services.retry(job)
    wait_for(job, State.SUCCEEDED, State.FAILED)
    assert job.state == State.SUCCEEDED


def test_the_engine_stays_warm_from_job_to_job(worker: Process, submit: Callable[..., Job]) -> None:
    first = submit()
    wait_for(first, State.SUCCEEDED)
    engine = worker.engine()
    second = submit()
    wait_for(second, State.SUCCEEDED)
    assert worker.engine() == engine


def test_cutout_and_preview_are_there_while_it_runs(worker: Process, submit: Callable[..., Job]) -> None:
    job = submit(frame_count=120)  # a long film, so that the run cannot end between two looks at it
    for name in (files.CUTOUT, files.PREVIEW):
        early = wait_for_early(job, name)
        assert default_storage.size(str(early.file)) == early.size > 0
    wait_for(job, State.SUCCEEDED, State.FAILED)
    assert job.state == State.SUCCEEDED
    wait_for_one_run(job)


def test_a_remix_skips_the_networks_and_outlives_its_parent(worker: Process, submit: Callable[..., Job]) -> None:
    parent = submit()
    wait_for(parent, State.SUCCEEDED, State.FAILED)
    child = services.remix(parent, Recipe(quality="draft", height_mm=42.0)).job
    wait_for(child, State.SUCCEEDED, State.FAILED)
    assert child.failure_detail == ""
    assert not {"prepare", "cutout", "scene"} & set(child.stage_seconds)
    assert set(child.artifacts.values_list("name")) == set(parent.artifacts.values_list("name"))
    services.delete(parent.pk)
    child.refresh_from_db()
    grandchild = services.remix(child, Recipe(quality="draft", formats=("stl",))).job
    wait_for(grandchild, State.SUCCEEDED, State.FAILED)
    assert grandchild.state == State.SUCCEEDED
    assert grandchild.artifacts.filter(name=files.STL).exists()
    assert not grandchild.artifacts.filter(name=files.OBJ).exists()


def test_a_cancel_reaches_the_running_job(worker: Process, submit: Callable[..., Job]) -> None:
    job = submit()
    wait_for_stage(job, "cutout")
    assert services.cancel(job.pk)
    wait_for(job, State.CANCELLED, State.FAILED, State.SUCCEEDED)
    assert job.state == State.CANCELLED
    assert not job.artifacts.exists()


def test_a_photo_without_an_object_says_so(worker: Process, owner: User) -> None:
    white = encoded(Image.new("RGB", (300, 300), "white"))
    job = services.submit(owner, [(white, "white.png")], Recipe(quality="draft")).job
    wait_for(job, State.FAILED, State.SUCCEEDED)
    assert job.failure_code == "no_subject"
    assert "single object" in job.failure_message


def test_a_worker_signs_while_it_is_there(worker: Process) -> None:
    wait_until(worker_heartbeat.worker_online, PATIENCE, "the worker's sign")
    worker.popen.terminate()
    worker.popen.wait(PATIENCE)
    assert not worker_heartbeat.worker_online()


def test_a_worker_that_is_ended_while_it_starts_leaves_no_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended_at_birth(worker: ReconstructionWorker, **options: object) -> None:
        assert worker_heartbeat.worker_online()
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(ReconstructionWorker, "work", ended_at_birth)
    before = signal.signal(signal.SIGTERM, lambda *_: None)  # so that pytest outlives a worker without a handler
    try:
        with pytest.raises(SystemExit):
            call_command("worker")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert not worker_heartbeat.worker_online()
