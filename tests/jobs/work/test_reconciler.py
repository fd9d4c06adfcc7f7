"""The reconciler repairs what a crash leaves behind."""

import os
import time
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from pytest_django import Settings

from jobs.core import queue, services, worker_heartbeat
from jobs.models import Job, State, WorkerHeartbeat
from jobs.work import reconciler
from tests.conftest import in_state, stored_files

pytestmark = pytest.mark.django_db


def expire_lease(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def test_a_job_fails_when_its_lease_expires(job: Job) -> None:
    expire_lease(in_state(job, State.RUNNING))
    assert reconciler.reconcile().expired == 1
    job.refresh_from_db()
    assert (job.state, job.failure_code) == (State.FAILED, "worker_lost")


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
