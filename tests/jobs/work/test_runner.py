"""Every way through a run ends in a terminal state, and a row exists exactly when its file is whole."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings
from rq.timeouts import JobTimeoutException

from jobs.core import artifacts, services, transitions
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
    return lambda function: monkeypatch.setattr("ml.pipeline.reconstruct.reconstruct", function)


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


def shows_early(ending: Pipeline, seen: list[list[str]]) -> Pipeline:
    """A pipeline that shows its cutout and preview, notes what the row has by then, and ends as `ending`."""

    def pipeline(photos: Any, recipe: Any, folder: Path, **hooks: Any) -> Reconstruction:
        for name in (files.CUTOUT, files.PREVIEW):
            (folder / name).write_bytes(b"early " + name.encode())
            hooks["on_file"](name)
            seen.append(sorted(Artifact.objects.values_list("name", flat=True)))
        return ending(photos, recipe, folder, **hooks)

    return pipeline


def test_early_files_are_there_while_it_runs_and_give_way_to_the_result(
    job: Job, pipeline: Callable[[Pipeline], None]
) -> None:
    seen: list[list[str]] = []
    pipeline(shows_early(writes_two_files, seen))
    assert run(job).state == State.SUCCEEDED
    assert seen == [[files.CUTOUT], [files.CUTOUT, files.PREVIEW]]
    kept = dict(job.artifacts.values_list("name", "file"))
    assert sorted(kept) == ["mesh.glb", "report.json"]
    assert stored_files() == sorted([f"jobs/{job.pk}/photo.png", *kept.values()])


@pytest.mark.parametrize("error", [ReconstructionError("no_subject"), Stopped(), MemoryError()])
def test_early_files_go_with_a_run_that_ends_otherwise(
    job: Job, pipeline: Callable[[Pipeline], None], error: BaseException
) -> None:
    seen: list[list[str]] = []

    def ending(*args: Any, **hooks: Any) -> Reconstruction:
        services.cancel(job.pk)
        while isinstance(error, Stopped) and not hooks["should_stop"]():
            pass
        raise error

    pipeline(shows_early(ending, seen))
    assert run(job).is_terminal
    assert len(seen) == 2
    assert not Artifact.objects.exists()
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_a_file_shown_twice_is_one_file(job: Job, tmp_path: Path) -> None:
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


def test_who_lost_the_lease_shows_nothing(job: Job, tmp_path: Path) -> None:
    token = transitions.claim(job.pk, worker="w")
    assert token
    path = tmp_path / files.CUTOUT
    path.write_bytes(b"late")
    transitions.fail(job.pk, "worker_lost", writer=Writer.RECONCILER, token=token)
    assert not artifacts.store_early(job, token, path)
    assert not Artifact.objects.exists()
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_early_files_of_a_lost_worker_go_with_its_lease(job: Job, tmp_path: Path) -> None:
    token = transitions.claim(job.pk, worker="w")
    assert token
    path = tmp_path / files.CUTOUT
    path.write_bytes(b"early")
    artifacts.store_early(job, token, path)
    Job.objects.update(lease_expires_at=job.created_at)
    assert reconciler.end_expired_leases() == 1
    assert not Artifact.objects.exists()
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_an_early_file_is_news_for_open_pages(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = transitions.claim(job.pk, worker="w")
    assert token
    told: list[int] = []
    monkeypatch.setattr("jobs.core.notify.job_changed", lambda job_id: told.append(Job.objects.get(pk=job_id).seq))
    path = tmp_path / files.CUTOUT
    path.write_bytes(b"early")
    artifacts.store_early(job, token, path)
    assert told == [2]


def makes_source(photos: list[bytes], recipe: Any, folder: Path, **hooks: Any) -> Reconstruction:
    """A pipeline whose result can be remixed."""
    done = writes_two_files(photos, recipe, folder, **hooks)
    for name in artifacts.SOURCE_FILES[:4]:
        (folder / name).write_bytes(b"parent " + name.encode())
    return Reconstruction(tuple({*done.files, *artifacts.SOURCE_FILES[:4]}), done.report, done.engine)


@pytest.fixture
def child(job: Job, pipeline: Callable[[Pipeline], None], monkeypatch: pytest.MonkeyPatch) -> Job:
    """A remix that waits; its pipeline copies what it found of its parent."""
    pipeline(makes_source)

    def remix(source: Path, recipe: Any, folder: Path, **hooks: Any) -> Reconstruction:
        found = sorted(path.name for path in source.iterdir())
        for name in found:
            (folder / name).write_bytes((source / name).read_bytes())
        return Reconstruction(tuple(found), {"engine": "compact", "stages": [], "recipe": recipe.to_dict()}, "compact")

    monkeypatch.setattr("ml.pipeline.reconstruct.remix", remix)
    return services.remix(run(job), Recipe(quality="high")).job


def test_a_remix_is_made_from_its_parents_files(child: Job) -> None:
    assert run(child).state == State.SUCCEEDED
    assert child.report["recipe"]["quality"] == "high"
    scene = child.artifacts.get(name=files.SCENE)
    with default_storage.open(str(scene.file)) as file:
        assert file.read() == b"parent scene.npz"


def test_a_finished_remix_lives_on_without_its_parent_and_can_be_remixed(child: Job) -> None:
    services.delete(run(child).parent_id or child.pk)
    child.refresh_from_db()
    assert child.parent is None
    grandchild = services.remix(child, Recipe()).job
    assert run(grandchild).state == State.SUCCEEDED


def test_a_remix_whose_parent_is_gone_says_so(child: Job) -> None:
    services.delete(child.parent_id or child.pk)
    assert run(child).failure_code == "source_missing"
    assert "Upload its photo again" in child.failure_message


def test_a_remix_whose_parents_files_are_gone_says_so(child: Job) -> None:
    assert child.parent
    child.parent.artifacts.get(name=files.REPORT).file.delete(save=False)
    assert run(child).failure_code == "source_missing"


class Spoken:
    """The engine's end of a line: messages that were sent beforehand."""

    def __init__(self, *messages: bytes) -> None:
        self._messages = list(messages)

    def poll(self, seconds: float) -> bool:
        return True

    def recv_bytes(self) -> bytes:
        return self._messages.pop(0)


def test_the_engines_words_reach_whoever_listens() -> None:
    heard: list[object] = []
    listeners = Listeners(lambda *step: heard.append(step), heard.append, lambda: False)
    line: Any = Spoken(
        b'{"progress": ["cutout", 1.0]}', b'{"file": "cutout.png"}', b'{"done": {"files": ["a"], "report": {}}}'
    )
    assert engine_process.follow(line, listeners) == (("a",), {})
    assert heard == [("cutout", 1.0), "cutout.png"]
