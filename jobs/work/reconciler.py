"""Repairs what a crash leaves behind: expired leases, lost queue entries, deleted jobs. Any number may run."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from jobs.core import conversions, holder, queue, recovery, routing, search_text, services, storage, worker_heartbeat
from jobs.core.transitions import Writer
from jobs.models import Artifact, Job, State
from jobs.work import work_folders
from ml.engine_registry import AUTO
from reconsite.core.stored import StoredFolder

logger = logging.getLogger(__name__)

ORPHAN_AGE_SECONDS = 3600
"""Files without a row are deleted only when they are this old: the row of a fresh file may be about to be saved."""
JOBS_AT_ONCE = 500
"""Folders of jobs that the sweep looks up with one query."""
LEASE_TOLERANCE = 2
"""A lease that ends this many leases from now was written by a clock that is wrong."""
MAX_CLOCK_STEP_SECONDS = 2.0
"""A larger difference between wall clock and monotonic clock from pass to pass is a jump."""
GRACE_SECONDS = 3 * settings.BEAT_SECONDS
"""Every worker that is alive has renewed its lease within this time."""


@dataclass(frozen=True)
class ReconcileResult:
    """How many jobs one pass repaired."""

    expired: int
    requeued: int
    purged: int

    def __bool__(self) -> bool:
        return any((self.expired, self.requeued, self.purged))


def reconcile(*, leases_are_reliable: bool = True) -> ReconcileResult:
    """One pass over dead workers, expired leases, lost queue entries and deleted jobs."""
    expired = end_dead_runs() + (end_expired_leases() if leases_are_reliable else 0)
    return ReconcileResult(expired, requeue_lost() + conversions.requeue_lost(), purge_deleted())


def end_dead_runs() -> int:
    """Running jobs whose process ran on this machine and is gone: no need to wait for the lease."""
    running = Job.objects.active().filter(state=State.RUNNING)
    return sum(_lose(job, "The process ended.") for job in running if holder.is_dead(job.holder))


def end_expired_leases() -> int:
    """Running jobs whose lease has expired, or ends later than a lease can: then a clock was wrong."""
    now = timezone.now()
    impossible = now + LEASE_TOLERANCE * timedelta(seconds=settings.LEASE_SECONDS)
    expired = Q(lease_expires_at__lt=now) | Q(lease_expires_at__gt=impossible)
    return sum(_lose(job, "The lease expired.") for job in Job.objects.active().filter(expired, state=State.RUNNING))


def _lose(job: Job, detail: str) -> bool:
    token = job.lease_token
    return token is not None and recovery.lose(job.pk, token, writer=Writer.RECONCILER, detail=detail)


class Clock:
    """Says when the times in the rows can be relied on.

    After a jump of the clock, or after the database was unavailable, workers first need time to renew their leases.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()
        self._reliable_at = 0.0

    def leases_are_reliable(self) -> bool:
        """False for GRACE_SECONDS after a jump of the clock or `distrust`."""
        offset = time.time() - time.monotonic()
        if abs(offset - self._offset) > MAX_CLOCK_STEP_SECONDS:
            logger.warning("The clock jumped by %.0f s", offset - self._offset)
            self.distrust()
        self._offset = offset
        return time.monotonic() >= self._reliable_at

    def distrust(self) -> None:
        """Rows could not be written for a while."""
        self._reliable_at = time.monotonic() + GRACE_SECONDS


def requeue_lost() -> int:
    """Enqueue jobs that have been queued for a while and whose queue entry is not in Redis."""
    since = timezone.now() - timedelta(seconds=settings.RING_AGAIN_SECONDS)
    waiting = list(
        Job.objects.active()
        .filter(state=State.QUEUED, queued_at__lt=since)
        .only("pk", "attempt", "run", "queue", "recipe")
    )
    entries = queue.queued_entry_ids() if waiting else set()
    if entries is None:
        return 0
    moved = [job for job in waiting if _reroute(job)] if waiting else []
    lost = [job for job in waiting if queue.entry_id(job.pk, job.attempt, job.run) not in entries]
    return sum(queue.enqueue(job.pk, job.attempt, job.run, name=job.queue) for job in {*moved, *lost})


def _reroute(job: Job) -> bool:
    """Give a job that any engine may run to workers that are there: those of its queue may have gone since."""
    if job.queue != routing.GPU or job.recipe.get("engine", AUTO) != AUTO:
        return False
    target = routing.queue_of(job.recipe, remix=False)
    if target == job.queue or not Job.objects.filter(pk=job.pk, state=State.QUEUED).update(queue=target):
        return False
    job.queue = target
    return True


def purge_deleted() -> int:
    """Remove jobs whose time in the bin is over, and those that were running when they were deleted for good."""
    return sum(services.purge(job_id) for job_id in Job.objects.to_purge().values_list("pk", flat=True))


def sweep() -> int:
    """Delete what no row refers to: folders of deleted jobs or lost runs, and old working folders.

    Also notes texts to search that are missing.
    """
    worker_heartbeat.delete_old()
    search_text.write_missing()
    return _sweep_storage() + work_folders.sweep()


def _sweep_storage() -> int:
    folders = (folder for folder in storage.backend().tree(storage.ROOT) if _is_job_id(folder.name))
    swept = 0
    while batch := list(islice(folders, JOBS_AT_ONCE)):
        swept += _sweep_jobs(batch)
    return swept


def _is_job_id(name: str) -> bool:
    """False for a folder that is not ours, such as `lost+found`: it is left alone."""
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def _sweep_jobs(batch: list[StoredFolder]) -> int:
    """Delete the folders of jobs without a row; of jobs that are not running, the folders of other attempts."""
    ids = [UUID(folder.name) for folder in batch]
    states = {str(key): state for key, state in Job.objects.filter(pk__in=ids).values_list("pk", "state")}
    keys = Artifact.objects.filter(job__in=ids).values_list("file", flat=True)
    used = {str(key).rpartition("/")[0] for key in keys}
    return sum(_sweep_job(folder, states.get(folder.name), used) for folder in batch)


def _sweep_job(folder: StoredFolder, state: str | None, used: set[str]) -> int:
    key = f"{storage.ROOT}/{folder.name}"
    if state is None:
        return _delete_if_old(key, folder.changed_at)
    if state == State.RUNNING:
        return 0
    unused = {name: at for name, at in folder.folders.items() if f"{key}/{name}" not in used}
    return sum(_delete_if_old(f"{key}/{name}", changed_at) for name, changed_at in unused.items())


def _delete_if_old(folder: str, changed_at: datetime) -> int:
    """Delete a folder older than ORPHAN_AGE_SECONDS; returns 1 if it was deleted, else 0."""
    if (timezone.now() - changed_at).total_seconds() < ORPHAN_AGE_SECONDS:
        return 0
    storage.delete_tree(folder)
    return 1
