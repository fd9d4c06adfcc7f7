"""Every run ends in a terminal state, and a row exists exactly when its file is complete."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings
from rq.timeouts import JobTimeoutException

from jobs.core import artifacts, estimates, services, transitions
from jobs.core.transitions import Writer
from jobs.models import Artifact, Job, State
from jobs.work import engine_process, reconciler, runner
from ml import files
from ml.errors import ReconstructionError, Stopped
from ml.pipeline.reconstruct import Reconstruction
from ml.recipe import Recipe
from ml.stages import Listeners
from tests.conftest import in_state, stored_files

pytestmark = pytest.mark.django_db(transaction=True)

Pipeline = Callable[..., Reconstruction]


def writes_two_files(photos: list[bytes], recipe: Any, folder: Path, **callbacks: Any) -> Reconstruction:
    """A pipeline with the signature of the real one that takes no time."""
    callbacks["on_progress"]("scene", 0.5)
    for name in ("mesh.glb", "report.json"):
        (folder / name).write_bytes(name.encode())
    report = {"engine": "compact", "stages": [{"name": "scene", "seconds": 0.1}]}
    return Reconstruction(files=("mesh.glb", "report.json"), report=report, engine="compact")


def raises(error: BaseException) -> Pipeline:
    """A pipeline that ends with `error`."""

    def pipeline(*args: Any, **callbacks: Any) -> Reconstruction:
        raise error

    return pipeline


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> Callable[[Pipeline], None]:
    """Replace the real pipeline."""
    return lambda function: monkeypatch.setattr("ml.pipeline.reconstruct.reconstruct", function)


def run(job: Job) -> Job:
    runner.run(str(job.pk))
    job.refresh_from_db()
    return job


def test_a_successful_run_stores_every_file_and_its_metadata(job: Job, pipeline: Callable[[Pipeline], None]) -> None:
    pipeline(writes_two_files)
    assert run(job).state == State.SUCCEEDED
    assert (job.engine, job.stage_seconds, job.progress) == ("compact", {"scene": 0.1}, 1.0)
    artifact = Artifact.objects.get(job=job, name="mesh.glb")
    with default_storage.open(str(artifact.file)) as file:
        assert file.read() == b"mesh.glb"
    assert artifact.size == len(b"mesh.glb")
    assert job.size == len(b"mesh.glb") + len(b"report.json") + sum(photo.size for photo in job.photos.all())


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
def test_every_error_becomes_a_code_and_no_file_is_stored(
    job: Job, pipeline: Callable[[Pipeline], None], error: Exception, code: str
) -> None:
    pipeline(raises(error))
    assert run(job).failure_code == code
    assert job.failure_message
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_the_traceback_is_stored_for_staff_but_not_in_the_message(
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

    def waits_for_the_request(*args: Any, **callbacks: Any) -> Reconstruction:
        services.cancel(job.pk)
        while not callbacks["should_stop"]():
            pass
        raise Stopped

    pipeline(waits_for_the_request)
    assert run(job).state == State.CANCELLED


def test_a_run_over_its_time_limit_ends_as_timeout(
    job: Job, pipeline: Callable[[Pipeline], None], settings: Settings
) -> None:
    settings.BEAT_SECONDS, settings.JOB_TIMEOUT = 0.01, 0.05

    def waits_for_the_end(*args: Any, **callbacks: Any) -> Reconstruction:
        while not callbacks["should_stop"]():
            pass
        raise Stopped

    pipeline(waits_for_the_end)
    assert run(job).failure_code == "timeout"


def test_a_run_that_lost_its_lease_stores_nothing(job: Job, pipeline: Callable[[Pipeline], None]) -> None:
    def loses_the_lease(photos: list[bytes], recipe: Any, folder: Path, **callbacks: Any) -> Reconstruction:
        done = writes_two_files(photos, recipe, folder, **callbacks)
        Job.objects.update(lease_token="00000000-0000-0000-0000-000000000001")
        return done

    pipeline(loses_the_lease)
    assert run(job).state == State.RUNNING
    assert not Artifact.objects.exists()
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_an_outdated_queue_entry_does_nothing(job: Job, pipeline: Callable[[Pipeline], None]) -> None:
    in_state(job, State.CANCELLED)
    pipeline(raises(AssertionError("the pipeline must not run")))
    assert run(job).state == State.CANCELLED


def test_a_second_attempt_stores_its_own_files(job: Job, pipeline: Callable[[Pipeline], None]) -> None:
    pipeline(raises(ReconstructionError("no_subject")))
    run(job)
    services.retry(job)
    pipeline(writes_two_files)
    assert run(job).state == State.SUCCEEDED
    assert job.attempt == 2
    assert job.artifacts.count() == 2


def test_the_working_folder_is_empty_afterwards(
    job: Job, pipeline: Callable[[Pipeline], None], settings: Settings
) -> None:
    pipeline(writes_two_files)
    run(job)
    assert list((settings.VAR_DIR / "work").glob(f"{job.pk}*")) == []


def publishes_early(ending: Pipeline, seen: list[list[str]]) -> Pipeline:
    """A pipeline that publishes cutout and preview, notes which files the job has by then, and ends as `ending`."""

    def pipeline(photos: Any, recipe: Any, folder: Path, **callbacks: Any) -> Reconstruction:
        for name in (files.CUTOUT, files.PREVIEW):
            (folder / name).write_bytes(b"early " + name.encode())
            callbacks["on_file"](name)
            seen.append(sorted(Artifact.objects.values_list("name", flat=True)))
        return ending(photos, recipe, folder, **callbacks)

    return pipeline


def test_early_files_exist_during_the_run_and_are_replaced_by_the_result(
    job: Job, pipeline: Callable[[Pipeline], None]
) -> None:
    seen: list[list[str]] = []
    pipeline(publishes_early(writes_two_files, seen))
    assert run(job).state == State.SUCCEEDED
    assert seen == [[files.CUTOUT], [files.CUTOUT, files.PREVIEW]]
    kept = dict(job.artifacts.values_list("name", "file"))
    assert sorted(kept) == ["mesh.glb", "report.json"]
    assert stored_files() == sorted([f"jobs/{job.pk}/photo.png", *kept.values()])


@pytest.mark.parametrize("error", [ReconstructionError("no_subject"), Stopped(), MemoryError()])
def test_early_files_are_deleted_when_the_run_does_not_succeed(
    job: Job, pipeline: Callable[[Pipeline], None], error: BaseException, settings: Settings
) -> None:
    settings.BEAT_SECONDS = 0.01
    seen: list[list[str]] = []

    def ending(*args: Any, **callbacks: Any) -> Reconstruction:
        services.cancel(job.pk)
        while isinstance(error, Stopped) and not callbacks["should_stop"]():
            pass
        raise error

    pipeline(publishes_early(ending, seen))
    assert run(job).is_terminal
    assert len(seen) == 2
    assert not Artifact.objects.exists()
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_a_file_published_twice_is_stored_once(job: Job, tmp_path: Path) -> None:
    token = transitions.claim(job.pk, worker="w")
    assert token
    path = tmp_path / files.PREVIEW
    for content in (b"first", b"second"):
        path.write_bytes(content)
        assert artifacts.store_early(job, token, path)
    with default_storage.open(str(Artifact.objects.get().file)) as file:
        assert file.read() == b"second"
    transitions.fail(job.pk, "internal", writer=Writer.WORKER, token=token)
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_a_run_that_lost_its_lease_publishes_nothing(job: Job, tmp_path: Path) -> None:
    token = transitions.claim(job.pk, worker="w")
    assert token
    path = tmp_path / files.CUTOUT
    path.write_bytes(b"late")
    transitions.fail(job.pk, "worker_lost", writer=Writer.RECONCILER, token=token)
    assert not artifacts.store_early(job, token, path)
    assert not Artifact.objects.exists()
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_early_files_are_deleted_when_the_lease_expires(job: Job, tmp_path: Path) -> None:
    token = transitions.claim(job.pk, worker="w")
    assert token
    path = tmp_path / files.CUTOUT
    path.write_bytes(b"early")
    artifacts.store_early(job, token, path)
    Job.objects.update(lease_expires_at=job.created_at)
    assert reconciler.end_expired_leases() == 1
    assert not Artifact.objects.exists()
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_an_early_file_notifies_open_pages(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = transitions.claim(job.pk, worker="w")
    assert token
    seqs: list[int] = []
    monkeypatch.setattr("jobs.core.notify.job_changed", lambda job_id: seqs.append(Job.objects.get(pk=job_id).seq))
    path = tmp_path / files.CUTOUT
    path.write_bytes(b"early")
    artifacts.store_early(job, token, path)
    assert seqs == [2]


def makes_source(photos: list[bytes], recipe: Any, folder: Path, **callbacks: Any) -> Reconstruction:
    """A pipeline whose result can be remixed."""
    done = writes_two_files(photos, recipe, folder, **callbacks)
    for name in artifacts.SOURCE_FILES[:4]:
        (folder / name).write_bytes(b"parent " + name.encode())
    return Reconstruction(tuple({*done.files, *artifacts.SOURCE_FILES[:4]}), done.report, done.engine)


@pytest.fixture
def child(job: Job, pipeline: Callable[[Pipeline], None], monkeypatch: pytest.MonkeyPatch) -> Job:
    """A queued remix; its pipeline copies what it finds of its parent."""
    pipeline(makes_source)

    def remix(source: Path, recipe: Any, folder: Path, **callbacks: Any) -> Reconstruction:
        names = sorted(path.name for path in source.iterdir())
        for name in names:
            (folder / name).write_bytes((source / name).read_bytes())
        return Reconstruction(tuple(names), {"engine": "compact", "stages": [], "recipe": recipe.to_dict()}, "compact")

    monkeypatch.setattr("ml.pipeline.reconstruct.remix", remix)
    return services.remix(run(job), Recipe(quality="high")).job


def test_a_remix_uses_its_parents_files(child: Job) -> None:
    assert run(child).state == State.SUCCEEDED
    assert child.report["recipe"]["quality"] == "high"
    scene = child.artifacts.get(name=files.SCENE)
    with default_storage.open(str(scene.file)) as file:
        assert file.read() == b"parent scene.npz"


def test_a_finished_remix_can_be_remixed_after_its_parent_was_deleted(child: Job) -> None:
    services.delete(run(child).parent_id or child.pk)
    child.refresh_from_db()
    assert child.parent is None
    grandchild = services.remix(child, Recipe()).job
    assert run(grandchild).state == State.SUCCEEDED


def test_a_remix_fails_when_its_parent_was_deleted(child: Job) -> None:
    services.delete(child.parent_id or child.pk)
    assert run(child).failure_code == "source_missing"
    assert "Upload its photo again" in child.failure_message


def test_a_remix_fails_when_its_parents_files_are_missing(child: Job) -> None:
    assert child.parent
    child.parent.artifacts.get(name=files.REPORT).file.delete(save=False)
    assert run(child).failure_code == "source_missing"


class SentMessages:
    """The engine's end of a connection: messages that were sent beforehand."""

    def __init__(self, *messages: bytes) -> None:
        self._messages = list(messages)

    def poll(self, seconds: float) -> bool:
        return True

    def recv_bytes(self) -> bytes:
        return self._messages.pop(0)


def test_messages_of_the_engine_reach_the_listeners() -> None:
    received: list[object] = []
    listeners = Listeners(lambda *step: received.append(step), received.append, lambda: False)
    connection: Any = SentMessages(
        b'{"progress": ["cutout", 1.0]}', b'{"file": "cutout.png"}', b'{"done": {"files": ["a"], "report": {}}}'
    )
    assert engine_process.follow(connection, listeners, engine_process.EngineWatch(os.getpid(), {})) == (("a",), {})
    assert received == [("cutout", 1.0), "cutout.png"]


def test_a_run_that_lost_the_shared_network_can_begin_again_and_then_goes_alone() -> None:
    connection: Any = SentMessages(b'{"progress": ["scene", 0.0]}', b'{"lost": "The scene server ended."}')
    with pytest.raises(engine_process.EngineLost) as caught:
        engine_process.follow(connection, Listeners(), engine_process.EngineWatch(os.getpid(), {}))
    assert not isinstance(caught.value, engine_process.NotBegun)
    assert caught.value.was_killed


class Silent:
    """A watch on a process that says nothing, with a clock and a processor time that the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, budgets: dict[str, float] | None = None) -> None:
        self.now = self.cpu = 0.0
        monkeypatch.setattr("jobs.work.engine_process.time.monotonic", lambda: self.now)
        monkeypatch.setattr(engine_process.EngineWatch, "_read_cpu_seconds", lambda _: self.cpu)
        self.watch = engine_process.EngineWatch(os.getpid(), budgets or {})

    def wait(self, seconds: float, cpu: float = 0.0) -> str:
        self.now += seconds
        self.cpu += cpu
        return self.watch.problem()


def test_an_engine_that_is_silent_hangs_unless_it_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = Silent(monkeypatch)
    silent.watch.heard({"progress": ["mesh", 0.0]})
    assert silent.wait(14) == ""
    assert silent.wait(16, cpu=16) == ""  # in a long call into C, which blocks the heartbeat
    assert "silent for 120 s" in silent.wait(90)
    silent.watch.heard({"alive": True})
    assert silent.wait(14) == ""


def test_an_engine_that_stays_in_a_stage_for_too_long_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = Silent(monkeypatch, {"mesh": 120.0})
    silent.watch.heard({"progress": ["mesh", 0.0]})
    silent.now = 119.0
    silent.watch.heard({"alive": True})
    assert silent.wait(0.5) == ""
    assert "no progress in stage mesh for 121 s" in silent.wait(1.5)


def test_a_run_is_lost_uncounted_only_before_its_first_stage() -> None:
    watch = engine_process.EngineWatch(os.getpid(), {})
    assert isinstance(watch.lost("", was_killed=True), engine_process.NotBegun)
    watch.heard({"progress": ["cutout", 0.0]})
    assert not isinstance(watch.lost("", was_killed=True), engine_process.NotBegun)


def test_stage_budgets_come_from_the_slowest_recent_job(job: Job) -> None:
    assert estimates.stage_budgets(job) == {}
    in_state(job, State.SUCCEEDED)
    Job.objects.update(stage_seconds={"mesh": 30.0, "cutout": 1.0})
    assert estimates.stage_budgets(job) == {"mesh": 300.0, "cutout": 120.0}
