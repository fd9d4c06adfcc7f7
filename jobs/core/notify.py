"""Notify open pages that something has changed. They read the rows themselves: a lost message loses nothing."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from redis.exceptions import RedisError

from reconsite.core.outage import outage

logger = logging.getLogger(__name__)


GROUP = "live"
"""Channel group of the web processes that have open sockets; each reads what its own sockets need."""


def job_changed(job_id: UUID) -> None:
    """Notify the pages that watch this job. Never raises: the row is already saved."""
    _send({"type": "job.changed", "job": str(job_id)})


def queue_moved() -> None:
    """Notify the pages whose job is queued: its position may have changed. Never raises."""
    _send({"type": "queue.moved"})


def access_changed(user_id: int, **kwargs: object) -> None:
    """Check the sockets of a user whose session, token or account has changed. Never raises; also a signal receiver."""
    _send({"type": "access.changed", "user": user_id})


def _send(message: dict[str, object]) -> None:
    layer = get_channel_layer()
    if layer is None or outage.is_active():
        return
    try:
        async_to_sync(_send_in_time)(layer, message)
    except (RedisError, OSError) as error:  # TimeoutError is an OSError
        outage.begin(error)
        logger.warning("The open pages were not notified of %s: %r", message["type"], error)


async def _send_in_time(layer: Any, message: dict[str, object]) -> None:
    """The connections of the layer have no time limit of their own, because an idle socket waits on them."""
    async with asyncio.timeout(settings.REDIS_WAIT_SECONDS):
        await layer.group_send(GROUP, message)
