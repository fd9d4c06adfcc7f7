"""Repairs what a crash leaves behind: expired leases, lost queue entries, deleted jobs. Any number may run."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from jobs.core import queue, services, storage, transitions, worker_heartbeat
from jobs.core.transitions import Writer
from jobs.models import Job, State

ORPHAN_AGE_SECONDS = 3600
"""Files without a row are deleted only when they are this old: the row of a fresh file may be about to be saved."""


@dataclass(frozen=True)
class ReconcileResult:
    """How many jobs one pass repaired."""

    expired: int
    requeued: int
    purged: int

    def __bool__(self) -> bool:
        return any((self.expired, self.requeued, self.purged))


def reconcile() -> ReconcileResult:
    """One pass over expired leases, lost queue entries and deleted jobs."""
    return ReconcileResult(end_expired_leases(), requeue_lost(), purge_deleted())


def end_expired_leases() -> int:
    """End running jobs whose lease has expired: as `worker_lost`, or as cancelled if that was requested."""
    expired = Job.objects.filter(state=State.RUNNING, lease_expires_at__lt=timezone.now())
    return sum(_end(job) for job in expired)


def _end(job: Job) -> bool:
    if job.cancel_requested_at is not None:
        return transitions.advance(job.pk, State.CANCELLED, writer=Writer.RECONCILER, token=job.lease_token)
    return transitions.fail(job.pk, "worker_lost", writer=Writer.RECONCILER, token=job.lease_token)


def requeue_lost() -> int:
    """Enqueue jobs that have been queued for a while and whose queue entry is not in Redis."""
    since = timezone.now() - timedelta(seconds=settings.RING_AGAIN_SECONDS)
    waiting = list(Job.objects.filter(state=State.QUEUED, queued_at__lt=since).only("pk", "attempt"))
    entries = queue.queued_entry_ids() if waiting else set()
    if entries is None:
        return 0
    lost = [job for job in waiting if queue.entry_id(job.pk, job.attempt) not in entries]
    return sum(queue.enqueue(job.pk, job.attempt) for job in lost)


def purge_deleted() -> int:
    """Remove deleted jobs that were running when their owner deleted them."""
    deleted = Job.objects.exclude(deleted_at=None).exclude(state=State.RUNNING).values_list("pk", flat=True)
    return sum(services.purge(job_id) for job_id in deleted)


def sweep() -> int:
    """Delete what no row refers to: folders of deleted jobs or lost runs, and old working folders."""
    worker_heartbeat.delete_old()
    return _sweep_storage() + _sweep_work()


def _sweep_storage() -> int:
    try:
        folders, _ = default_storage.listdir(storage.ROOT)
    except FileNotFoundError:
        return 0
    return sum(_sweep_job(name) for name in folders)


def _sweep_job(name: str) -> int:
    """Delete the folder of a job without a row; of a job that is not running, the folders of other attempts."""
    folder = f"{storage.ROOT}/{name}"
    job = Job.objects.filter(pk=UUID(name)).first()
    if job is None:
        return _delete_if_old(folder)
    if job.state == State.RUNNING:
        return 0
    used = {str(key).split("/")[2] for key in job.artifacts.values_list("file", flat=True)}
    attempts, _ = default_storage.listdir(folder)
    return sum(_delete_if_old(f"{folder}/{attempt}") for attempt in attempts if attempt not in used)


def _delete_if_old(folder: str) -> int:
    """Delete a folder older than ORPHAN_AGE_SECONDS; returns 1 if it was deleted, else 0."""
    age = timezone.now() - default_storage.get_modified_time(folder)
    if age.total_seconds() < ORPHAN_AGE_SECONDS:
        return 0
    storage.delete_tree(folder)
    return 1


def _sweep_work() -> int:
    work = settings.VAR_DIR / "work"
    limit = time.time() - ORPHAN_AGE_SECONDS - settings.JOB_TIMEOUT
    old = [path for path in work.glob("*") if path.stat().st_mtime < limit]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
    return len(old)
