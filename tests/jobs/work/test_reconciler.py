"""The reconciler repairs what a crash leaves behind."""

import os
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from pytest_django import Settings

from jobs.core import holder, queue, services, worker_heartbeat
from jobs.management.commands import reconcile
from jobs.models import Job, State, WorkerHeartbeat
from jobs.work import reconciler
from tests.conftest import in_state, stored_files

pytestmark = pytest.mark.django_db


def expire_lease(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def test_a_job_begins_again_when_its_lease_expires_and_fails_after_the_second_time(
    job: Job, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    for restarts in (1, 2):
        expire_lease(in_state(job, State.RUNNING))
        with django_capture_on_commit_callbacks(execute=True):
            assert reconciler.reconcile().expired == 1
        job.refresh_from_db()
        assert (job.state, job.restarts, job.attempt, job.run) == (State.QUEUED, restarts, 1, restarts + 1)
        assert queue.entry_id(job.pk, 1, job.run) in (queue.queued_entry_ids() or set())
    expire_lease(in_state(job, State.RUNNING))
    assert reconciler.reconcile().expired == 1
    job.refresh_from_db()
    assert (job.state, job.failure_code) == (State.FAILED, "worker_lost")


def test_the_owners_retry_allows_two_restarts_again(job: Job) -> None:
    in_state(job, State.FAILED)
    Job.objects.update(restarts=2, run=3, low_memory=True)
    assert services.retry(job)
    job.refresh_from_db()
    assert (job.attempt, job.run, job.restarts, job.low_memory) == (2, 1, 0, False)


def test_the_job_of_a_dead_process_begins_again_before_its_lease_expires(job: Job) -> None:
    in_state(job, State.RUNNING)
    with subprocess.Popen(["true"]) as ended:
        pass
    Job.objects.update(holder=f"{holder.machine()}:{ended.pid}:1")
    assert reconciler.reconcile(leases_are_reliable=False).expired == 1
    job.refresh_from_db()
    assert (job.state, job.restarts) == (State.QUEUED, 1)


def test_a_live_process_and_one_of_another_machine_are_not_dead() -> None:
    assert not holder.is_dead(holder.this_process())
    assert not holder.is_dead("elsewhere/1:999999:1")
    assert not holder.is_dead("")
    assert holder.is_dead(f"{holder.machine()}:{os.getpid()}:1")  # the id was used again


def test_a_lease_that_ends_too_late_was_written_by_a_wrong_clock(job: Job) -> None:
    in_state(job, State.RUNNING)
    Job.objects.update(lease_expires_at=timezone.now() + timedelta(hours=1))
    assert reconciler.reconcile().expired == 1


@pytest.mark.parametrize("jump", [-3600, 3600])
def test_after_a_jump_of_the_clock_leases_have_time_to_be_renewed(jump: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = reconciler.Clock()
    assert clock.leases_are_reliable()
    wall, monotonic = time.time, time.monotonic
    monkeypatch.setattr(time, "time", lambda: wall() + jump)
    assert not clock.leases_are_reliable()
    monkeypatch.setattr(time, "time", lambda: wall() + jump + reconciler.GRACE_SECONDS)
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + reconciler.GRACE_SECONDS)
    assert clock.leases_are_reliable()


def test_folders_that_are_not_ours_are_left_alone(job: Job, settings: Settings) -> None:
    put("jobs/lost+found/x", settings, age=7200)
    put("jobs/5C7FF51A8A3C4F0CA77C06C7C9A1B2D3/x", settings, age=7200)
    assert reconciler.sweep() == 0
    assert len(stored_files()) == 3


def test_one_task_that_fails_does_not_keep_the_others_from_running(monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[int] = []
    monkeypatch.setattr(reconciler, "reconcile", lambda **_: 1 / 0)
    monkeypatch.setattr(reconciler, "sweep", lambda: swept.append(1))
    tasks = reconcile.Tasks()
    tasks.run_due()
    tasks.run_due()
    assert swept == [1]


def test_a_valid_lease_is_not_touched(job: Job) -> None:
    in_state(job, State.RUNNING)
    assert reconciler.reconcile().expired == 0


def test_a_job_with_a_cancel_request_ends_as_cancelled(job: Job) -> None:
    in_state(job, State.RUNNING)
    services.cancel(job.pk)
    expire_lease(job)
    reconciler.reconcile()
    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_a_job_whose_queue_entry_was_lost_is_enqueued_again(job: Job, settings: Settings) -> None:
    settings.RING_AGAIN_SECONDS = 0
    assert reconciler.reconcile().requeued == 1
    assert queue.entry_id(job.pk, 1) in (queue.queued_entry_ids() or set())


def test_an_existing_queue_entry_is_not_duplicated(job: Job, settings: Settings) -> None:
    settings.RING_AGAIN_SECONDS = 0
    reconciler.reconcile()
    assert reconciler.reconcile().requeued == 0


def test_a_job_that_was_just_queued_is_left_alone(job: Job) -> None:
    assert reconciler.reconcile().requeued == 0


def test_a_deleted_job_is_purged_once_no_worker_holds_it(job: Job) -> None:
    in_state(job, State.RUNNING)
    services.delete(job.pk)
    assert reconciler.purge_deleted() == 0
    expire_lease(job)
    reconciler.reconcile()
    assert not Job.objects.exists()
    assert stored_files() == []


def put(key: str, settings: Settings, age: float) -> None:
    """A stored file whose folder is `age` seconds old."""
    default_storage.save(key, ContentFile(b"x"))
    then = time.time() - age
    folder = settings.MEDIA_ROOT / key
    for path in (folder.parent, folder.parent.parent):
        os.utime(path, (then, then))


def test_old_files_without_a_row_are_deleted(db: None, settings: Settings) -> None:
    put("jobs/5c7ff51a-8a3c-4f0c-a77c-06c7c9a1b2d3/photo.png", settings, age=7200)
    assert reconciler.sweep() == 1
    assert stored_files() == []


def test_recent_files_without_a_row_are_kept(db: None, settings: Settings) -> None:
    put("jobs/5c7ff51a-8a3c-4f0c-a77c-06c7c9a1b2d3/photo.png", settings, age=60)
    assert reconciler.sweep() == 0
    assert len(stored_files()) == 1


def test_the_files_of_a_lost_run_are_deleted_and_the_photo_is_kept(job: Job, settings: Settings) -> None:
    put(f"jobs/{job.pk}/5c7ff51a-8a3c-4f0c-a77c-06c7c9a1b2d3/mesh.glb", settings, age=7200)
    assert reconciler.sweep() == 1
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_early_files_of_a_lost_run_are_deleted(job: Job, settings: Settings) -> None:
    put(f"jobs/{job.pk}/5c7ff51a-8a3c-4f0c-a77c-06c7c9a1b2d3-early/cutout.png", settings, age=7200)
    assert reconciler.sweep() == 1
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_a_worker_is_online_while_it_sends_heartbeats(db: None) -> None:
    assert not worker_heartbeat.worker_online()
    worker_heartbeat.record("w")
    assert worker_heartbeat.worker_online()
    WorkerHeartbeat.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    assert not worker_heartbeat.worker_online()
