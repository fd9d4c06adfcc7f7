"""`?format=` makes a format that a result lacks, once, from the stored scene."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.core import tokens
from accounts.models import ApiToken, User
from jobs.core import conversions, holder, queue, services
from jobs.models import Conversion, Job, State
from jobs.work import conversion_runner, engine_process, reconciler
from ml import files
from ml.errors import ReconstructionError
from tests.conftest import api_of, in_state, stored_files, with_files

SOURCE = (files.SCENE, files.INPUT, files.REPORT, files.CUTOUT)
pytestmark = pytest.mark.django_db


@pytest.fixture
def finished(submit: Callable[..., Job]) -> Job:
    """A result in GLB alone."""
    return with_files(submit(formats=("glb",)), *SOURCE, files.GLB)


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The conversions that were enqueued."""
    found: list[Any] = []

    def enqueue(conversion_id: Any) -> bool:
        found.append(conversion_id)
        return True

    monkeypatch.setattr(queue, "enqueue_conversion", enqueue)
    return found


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """An engine that writes the format's files at once; the recipes that it got."""
    recipes: list[Any] = []

    def reconstruct(photos: Any, recipe: Any, folder: Path, listeners: Any, plan: Any) -> Any:
        assert (plan.source / files.SCENE).read_bytes() == files.SCENE.encode()
        recipes.append(recipe)
        for name in (files.STL, files.GLB, files.OBJ, files.MTL, files.TEXTURE):
            (folder / name).write_bytes(b"the new file")
        return (), {}

    monkeypatch.setattr(engine_process, "reconstruct", reconstruct)
    return recipes


def ask(user: User, job: Job, name: str = "stl") -> Any:
    client = api_of(user)
    client.raise_request_exception = False
    return client.get(f"/api/v1/jobs/{job.pk}/files/?format={name}")


def work(entries: list[Any]) -> None:
    for pk in entries:
        conversion_runner.run(str(pk))


def test_a_missing_format_is_made_and_then_listed(
    finished: Job, owner: User, entries: list[Any], engine: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = ask(owner, finished)
    assert (first.status_code, first.data, first["Retry-After"]) == (202, [], "2")
    before = Job.objects.get()
    work(entries)
    done = ask(owner, finished)
    assert (done.status_code, [entry["name"] for entry in done.data]) == (200, [files.STL])
    after = Job.objects.get()
    assert (after.size - before.size, after.seq - before.seq) == (len(b"the new file"), 1)
    assert not Conversion.objects.exists()


def test_the_model_is_made_as_it_was_but_for_the_format(
    finished: Job, owner: User, entries: list[Any], engine: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    Job.objects.update(report={"recipe": finished.recipe | {"grid": 48, "height_mm": 42.0}})
    with django_capture_on_commit_callbacks(execute=True):
        ask(owner, finished, "obj")
    work(entries)
    assert (engine[0].formats, engine[0].grid, engine[0].height_mm) == (("obj",), 48, 42.0)
    names = set(finished.artifacts.values_list("name", flat=True))
    assert names == {*SOURCE, files.GLB, files.OBJ, files.MTL, files.TEXTURE}


def test_it_is_built_once_however_often_it_is_asked_for(
    finished: Job, owner: User, entries: list[Any], engine: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert [ask(owner, finished).status_code for _ in range(3)] == [202, 202, 202]
    assert (len(entries), Conversion.objects.count()) == (1, 1)
    work([*entries, *entries])
    assert len(engine) == 1


def test_a_run_that_lost_its_claim_stores_nothing(finished: Job, owner: User, tmp_path: Path) -> None:
    ask(owner, finished)
    late = conversions.claim(Conversion.objects.get().pk)
    assert late is not None
    assert conversions.claim(late.pk) is None
    Conversion.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    winner = conversions.claim(late.pk)
    assert winner is not None
    for conversion, stored in ((late, False), (winner, True)):
        (tmp_path / files.STL).write_bytes(b"made")
        assert conversions.store(conversion, tmp_path, lambda write: write()) is stored
    assert finished.artifacts.filter(name=files.STL).count() == 1
    assert not default_storage.exists(f"jobs/{finished.pk}/{late.lease_token}/{files.STL}")


def test_a_job_that_was_deleted_meanwhile_gets_no_files(finished: Job, owner: User, tmp_path: Path) -> None:
    ask(owner, finished)
    conversion = conversions.claim(Conversion.objects.get().pk)
    assert conversion is not None
    services.delete(finished.pk)
    (tmp_path / files.STL).write_bytes(b"made")
    assert not conversions.store(conversion, tmp_path, lambda write: write())
    assert not stored_files()


def test_an_unfinished_job_has_none_yet_and_a_failed_one_never(job: Job, owner: User) -> None:
    assert ask(owner, job).status_code == 202
    failed = ask(owner, in_state(job, State.FAILED))
    assert (failed.status_code, failed.data["code"]) == (404, "format_missing")
    assert not Conversion.objects.exists()


def test_only_the_owner_with_a_token_that_may_write_begins_one(
    finished: Job, owner: User, stranger: User, staff: User
) -> None:
    assert [ask(user, finished).status_code for user in (staff, stranger)] == [404, 404]
    token = tokens.create(owner, "reader", scope=ApiToken.Scope.READ)[1]
    url = f"/api/v1/jobs/{finished.pk}/files/?format="
    reader = Client(headers={"authorization": f"Bearer {token}"})
    assert (reader.get(url + "stl").status_code, reader.get(url + "glb").status_code) == (403, 200)
    assert reader.get(url + "stl").json()["code"] == "insufficient_scope"
    assert not Conversion.objects.exists()


@pytest.mark.parametrize(
    ("limits", "code"),
    [({"MAX_ACTIVE_JOBS": 0}, "too_many_active"), ({"MIN_FREE_BYTES": 10**18}, "storage_full")],
)
def test_the_limits_of_jobs_hold_for_conversions(
    finished: Job, owner: User, settings: Settings, limits: dict[str, int], code: str
) -> None:
    for name, value in limits.items():
        setattr(settings, name, value)
    assert ask(owner, finished).data["code"] == code


def test_a_full_quota_lets_none_begin(finished: Job, owner: User, settings: Settings) -> None:
    settings.QUOTA_MB = 1
    Job.objects.update(size=1024**2)
    assert ask(owner, finished).data["code"] == "quota_exceeded"


def test_without_its_scene_a_result_stays_as_it_is(finished: Job, owner: User) -> None:
    finished.artifacts.filter(name=files.SCENE).delete()
    assert ask(owner, finished).data["code"] == "source_missing"


def test_a_failed_conversion_can_be_tried_again_after_a_minute(
    finished: Job, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise ReconstructionError("source_unusable")

    monkeypatch.setattr(engine_process, "reconstruct", broken)
    ask(owner, finished)
    conversion_runner.run(str(Conversion.objects.get().pk))
    assert Conversion.objects.get().failure_code == "source_unusable"
    failed = ask(owner, finished)
    assert (failed.status_code, failed.data["code"], failed["Retry-After"]) == (503, "conversion_failed", "60")
    Conversion.objects.update(failed_at=timezone.now() - timedelta(seconds=61))
    assert ask(owner, finished).status_code == 202
    assert Conversion.objects.get().failed_at is None


def test_the_reconciler_frees_what_a_dead_worker_held(
    finished: Job, owner: User, entries: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(owner, finished)
    pk = Conversion.objects.get().pk
    monkeypatch.setattr(holder, "is_dead", bool)
    Conversion.objects.update(requested_at=timezone.now() - timedelta(minutes=1))
    for run in range(1, conversions.MAX_RUNS + 1):
        assert conversions.claim(pk) is not None
        assert reconciler.reconcile().requeued == (1 if run < conversions.MAX_RUNS else 0)
    assert Conversion.objects.get().failure_code == "worker_lost"
    assert entries == [pk] * (conversions.MAX_RUNS - 1)


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_make_one_conversion(finished: Job, owner: User, entries: list[Any]) -> None:
    together = threading.Barrier(2)
    statuses: list[int] = []

    def request() -> None:
        together.wait(timeout=10)
        statuses.append(ask(owner, finished).status_code)
        connection.close()

    threads = [threading.Thread(target=request) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert (statuses, Conversion.objects.count()) == ([202, 202], 1)
