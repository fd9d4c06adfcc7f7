"""Brings rows and the world together again after a crash. Any number of copies may run."""

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


@dataclass(frozen=True)
class Found:
    """What one pass set right."""

    expired: int
    rung: int
    purged: int

    def __bool__(self) -> bool:
        return any((self.expired, self.rung, self.purged))


def reconcile() -> Found:
    """One pass over expired leases, unheard rings and deleted jobs."""
    return Found(end_expired_leases(), ring_again(), purge_deleted())


def end_expired_leases() -> int:
    """A running job whose worker fell silent ends as `worker_lost`, or as cancelled if that was the wish."""
    expired = Job.objects.filter(state=State.RUNNING, lease_expires_at__lt=timezone.now())
    return sum(_end(job) for job in expired)


def _end(job: Job) -> bool:
    if job.cancel_requested_at is not None:
        return transitions.advance(job.pk, State.CANCELLED, writer=Writer.RECONCILER, token=job.lease_token)
    return transitions.fail(job.pk, "worker_lost", writer=Writer.RECONCILER, token=job.lease_token)


def ring_again() -> int:
    """Ring for jobs that have waited a while and of whose ring Redis knows nothing."""
    since = timezone.now() - timedelta(seconds=settings.RING_AGAIN_SECONDS)
    waiting = list(Job.objects.filter(state=State.QUEUED, queued_at__lt=since).only("pk", "attempt"))
    known = queue.waiting_rings() if waiting else set()
    if known is None:
        return 0
    unheard = [job for job in waiting if queue.doorbell_id(job.pk, job.attempt) not in known]
    return sum(queue.ring(job.pk, job.attempt) for job in unheard)


def purge_deleted() -> int:
    """Remove deleted jobs that a worker still held when their owner deleted them."""
    gone = Job.objects.exclude(deleted_at=None).exclude(state=State.RUNNING).values_list("pk", flat=True)
    return sum(services.purge(job_id) for job_id in gone)


def sweep() -> int:
    """Remove what no row refers to: folders of vanished jobs or lost runs, and old working folders."""
    worker_heartbeat.forget_lost()
    return _sweep_storage() + _sweep_work()


def _sweep_storage() -> int:
    try:
        folders, _ = default_storage.listdir(storage.ROOT)
    except FileNotFoundError:
        return 0
    return sum(_sweep_job(name) for name in folders)


def _sweep_job(name: str) -> int:
    """Everything of a job without a row; of a resting job, the attempts that made none of its files."""
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
    """A fresh folder may belong to a row that is just being written."""
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
