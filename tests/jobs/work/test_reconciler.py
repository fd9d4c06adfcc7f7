"""After a crash, rows and the world come together again."""

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


def lease_ran_out(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def test_a_silent_worker_loses_its_job(job: Job) -> None:
    lease_ran_out(in_state(job, State.RUNNING))
    assert reconciler.reconcile().expired == 1
    job.refresh_from_db()
    assert (job.state, job.failure_code) == (State.FAILED, "worker_lost")


def test_a_living_lease_is_left_alone(job: Job) -> None:
    in_state(job, State.RUNNING)
    assert reconciler.reconcile().expired == 0


def test_a_job_that_was_to_be_cancelled_ends_as_cancelled(job: Job) -> None:
    in_state(job, State.RUNNING)
    services.cancel(job.pk)
    lease_ran_out(job)
    reconciler.reconcile()
    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_a_job_that_nobody_heard_of_is_rung_again(job: Job, settings: Settings) -> None:
    settings.RING_AGAIN_SECONDS = 0
    assert reconciler.reconcile().requeued == 1
    assert queue.entry_id(job.pk, 1) in (queue.queued_entry_ids() or set())


def test_a_ring_that_still_waits_is_not_repeated(job: Job, settings: Settings) -> None:
    settings.RING_AGAIN_SECONDS = 0
    reconciler.reconcile()
    assert reconciler.reconcile().requeued == 0


def test_a_fresh_job_gets_time_to_be_heard(job: Job) -> None:
    assert reconciler.reconcile().requeued == 0


def test_a_deleted_job_goes_when_its_worker_let_go(job: Job) -> None:
    in_state(job, State.RUNNING)
    services.delete(job.pk)
    assert reconciler.purge_deleted() == 0
    lease_ran_out(job)
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


def test_old_files_without_a_row_are_swept(db: None, settings: Settings) -> None:
    put("jobs/5c7ff51a-8a3c-4f0c-a77c-06c7c9a1b2d3/photo.png", settings, age=7200)
    assert reconciler.sweep() == 1
    assert stored_files() == []


def test_young_files_without_a_row_may_become_one(db: None, settings: Settings) -> None:
    put("jobs/5c7ff51a-8a3c-4f0c-a77c-06c7c9a1b2d3/photo.png", settings, age=60)
    assert reconciler.sweep() == 0
    assert len(stored_files()) == 1


def test_a_lost_run_is_swept_and_the_photo_stays(job: Job, settings: Settings) -> None:
    put(f"jobs/{job.pk}/5c7ff51a-8a3c-4f0c-a77c-06c7c9a1b2d3/mesh.glb", settings, age=7200)
    assert reconciler.sweep() == 1
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_what_a_lost_run_showed_early_is_swept_too(job: Job, settings: Settings) -> None:
    put(f"jobs/{job.pk}/5c7ff51a-8a3c-4f0c-a77c-06c7c9a1b2d3-early/cutout.png", settings, age=7200)
    assert reconciler.sweep() == 1
    assert stored_files() == [f"jobs/{job.pk}/photo.png"]


def test_a_worker_is_online_while_it_signs(db: None) -> None:
    assert not worker_heartbeat.worker_online()
    worker_heartbeat.record("w")
    assert worker_heartbeat.worker_online()
    WorkerHeartbeat.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    assert not worker_heartbeat.worker_online()
