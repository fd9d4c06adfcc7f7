"""Notify open pages that a job's row has changed. They read the row themselves: a lost message loses nothing."""

from __future__ import annotations

import logging
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


QUEUE_GROUP = "queue"
"""Channel group of the pages whose job is queued."""


def group_of(job_id: UUID) -> str:
    """Name of the channel group of one job."""
    return f"job.{job_id}"


def job_changed(job_id: UUID) -> None:
    """Notify the pages that watch this job. Never raises: the row is already saved."""
    _send(group_of(job_id), "job.changed")


def queue_moved() -> None:
    """Notify the pages whose job is queued: its position may have changed. Never raises."""
    _send(QUEUE_GROUP, "queue.moved")


def _send(group: str, kind: str) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group, {"type": kind})
    except (RedisError, OSError) as error:
        logger.warning("The open pages of %s were not notified: %s", group, error)
