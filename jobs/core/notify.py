"""Tell open pages that a job's row has changed. They read the row themselves: a lost message loses nothing."""

from __future__ import annotations

import logging
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


QUEUE = "queue"
"""Group of the pages whose job waits."""


def group_of(job_id: UUID) -> str:
    """Name of the channel group of one job."""
    return f"job.{job_id}"


def changed(job_id: UUID) -> None:
    """Ring the pages that watch this job. Never raises: the row is already safe."""
    _ring(group_of(job_id), "job.changed")


def queue_moved() -> None:
    """Ring the pages whose job waits: it may have come a place nearer. Never raises."""
    _ring(QUEUE, "queue.moved")


def _ring(group: str, kind: str) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group, {"type": kind})
    except (RedisError, OSError) as error:
        logger.warning("The open pages of %s were not told: %s", group, error)
