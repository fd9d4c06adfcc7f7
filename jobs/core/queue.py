"""The queue: RQ carries a job's UUID to a worker and decides nothing. The job's row is the source of truth."""

from __future__ import annotations

import logging
from uuid import UUID

import django_rq
from django.conf import settings
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

TIMEOUT_MARGIN_SECONDS = 60
"""RQ kills a run this long after JOB_TIMEOUT, in case the lease did not stop it."""
FAILED_ENTRY_SECONDS = 3600
"""How long RQ keeps an entry whose function raised, for operators; the job's row has its own failure."""


def entry_id(job_id: UUID, attempt: int) -> str:
    """RQ's id of the queue entry of one attempt: enqueuing it twice makes one entry."""
    return f"{job_id}-{attempt}"


def enqueue(job_id: UUID, attempt: int) -> bool:
    """Queue an attempt for a worker. Never raises: the reconciler enqueues jobs whose entry was lost."""
    try:
        queue = django_rq.get_queue(settings.JOB_QUEUE, commit_mode="auto")
        queue.enqueue(
            "jobs.work.runner.run",
            str(job_id),
            job_id=entry_id(job_id, attempt),
            job_timeout=settings.JOB_TIMEOUT + TIMEOUT_MARGIN_SECONDS,
            result_ttl=0,
            failure_ttl=FAILED_ENTRY_SECONDS,
        )
    except RedisError as error:
        logger.warning("Job %s could not be enqueued: %s", job_id, error)
        return False
    return True


def queued_entry_ids() -> set[str] | None:
    """Ids of the entries that no worker has taken yet, or None when Redis is unavailable."""
    try:
        return set(django_rq.get_queue(settings.JOB_QUEUE).get_job_ids())
    except RedisError:
        return None
