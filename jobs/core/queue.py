"""The queue: RQ carries a job's UUID to a worker and decides nothing. The job's row is the source of truth."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

import django_rq
from django.conf import settings
from redis import ConnectionPool, Redis
from redis.exceptions import RedisError

from reconsite.core.outage import outage

logger = logging.getLogger(__name__)

WORKER_TIMEOUTS: dict[str, Any] = {"socket_connect_timeout": 2, "socket_timeout": 5, "socket_keepalive": True}
"""Seconds. A worker is no web request; a Redis that is busy for a moment must not end its wait."""
TIMEOUT_MARGIN_SECONDS = 60
"""RQ kills a run this long after JOB_TIMEOUT, in case the lease did not stop it."""
FAILED_ENTRY_SECONDS = 3600
"""How long RQ keeps an entry whose function raised, for operators; the job's row has its own failure."""


def entry_id(job_id: UUID, attempt: int, run: int = 1) -> str:
    """RQ's id of the queue entry of one run: enqueuing it twice makes one entry."""
    return f"{job_id}-{attempt}" if run == 1 else f"{job_id}-{attempt}-{run}"


def enqueue(job_id: UUID, attempt: int, run: int = 1, *, name: str = settings.JOB_QUEUE) -> bool:
    """Queue a run in the queue `name`; a job that begins again goes to the front.

    Never raises: the reconciler enqueues jobs whose entry was lost.
    """
    return _enqueue("jobs.work.runner.run", job_id, entry_id(job_id, attempt, run), name=name, at_front=run > 1)


def conversion_entry_id(conversion_id: UUID) -> str:
    """RQ's id of the queue entry of a conversion."""
    return f"conversion-{conversion_id}"


def enqueue_conversion(conversion_id: UUID) -> bool:
    """Queue a conversion for a worker. Never raises: the reconciler enqueues those whose entry was lost."""
    name = settings.EVERY_WORKER_QUEUE  # it needs no engine
    return _enqueue("jobs.work.conversion_runner.run", conversion_id, conversion_entry_id(conversion_id), name=name)


def _enqueue(function: str, row_id: UUID, entry: str, *, name: str, at_front: bool = False) -> bool:
    if outage.is_active():
        return False
    try:
        queue = django_rq.get_queue(name, commit_mode="auto")
        queue.enqueue(
            function,
            str(row_id),
            job_id=entry,
            at_front=at_front,
            job_timeout=settings.JOB_TIMEOUT + TIMEOUT_MARGIN_SECONDS,
            result_ttl=0,
            failure_ttl=FAILED_ENTRY_SECONDS,
        )
    except RedisError as error:
        outage.begin(error)
        logger.warning("%s could not be enqueued: %s", entry, error)
        return False
    return True


def queued_entry_ids() -> set[str] | None:
    """Ids of the entries that no worker has taken yet, or None when Redis is unavailable."""
    try:
        return {entry for name in settings.RQ_QUEUES for entry in django_rq.get_queue(name).get_job_ids()}
    except RedisError:
        return None


def worker_connection() -> Redis:
    """A connection for a worker, which waits for entries and has time: RQ sets its timeouts."""
    return Redis(connection_pool=ConnectionPool.from_url(settings.REDIS_URL, **WORKER_TIMEOUTS))
