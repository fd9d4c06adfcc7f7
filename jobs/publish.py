"""Tell open pages that a job's row has changed. They read the row themselves: a lost message loses nothing."""

from __future__ import annotations

import logging
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def group_of(job_id: UUID) -> str:
    """Name of the channel group of one job."""
    return f"job.{job_id}"


def changed(job_id: UUID) -> None:
    """Ring the pages that watch this job. Never raises: the row is already safe."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group_of(job_id), {"type": "job.changed"})
    except (RedisError, OSError) as error:
        logger.warning("Open pages of job %s were not told: %s", job_id, error)
