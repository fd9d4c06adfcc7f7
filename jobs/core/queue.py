"""The doorbell: RQ carries a job's UUID to a worker and decides nothing."""

from __future__ import annotations

import logging
from uuid import UUID

import django_rq
from django.conf import settings
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def doorbell_id(job_id: UUID, attempt: int) -> str:
    """RQ's name for one ring: the same ring twice is one entry."""
    return f"{job_id}-{attempt}"


def ring(job_id: UUID, attempt: int) -> bool:
    """Tell a worker that a job waits. Never raises: the reconciler rings again for a row that still waits."""
    try:
        queue = django_rq.get_queue(settings.JOB_QUEUE, commit_mode="auto")
        queue.enqueue(
            "jobs.work.runner.run",
            str(job_id),
            job_id=doorbell_id(job_id, attempt),
            job_timeout=settings.JOB_TIMEOUT + 60,
            result_ttl=0,
            failure_ttl=3600,
        )
    except RedisError as error:
        logger.warning("The bell for job %s did not ring: %s", job_id, error)
        return False
    return True


def waiting_rings() -> set[str] | None:
    """The rings that no worker has answered yet, or None when Redis cannot say."""
    try:
        return set(django_rq.get_queue(settings.JOB_QUEUE).get_job_ids())
    except RedisError:
        return None
