"""The socket of one job: a snapshot on connecting, then each change. It only sends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from redis.exceptions import RedisError

from jobs.core import access
from jobs.core.notify import QUEUE_GROUP, group_of
from jobs.http.serializers import JobSerializer
from jobs.models import TERMINAL

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 10.0
"""How often the row is read without a notification, in case one was lost."""
NORMAL_CLOSURE, POLICY, SERVICE_RESTART, NOT_FOUND = 1000, 1008, 1012, 4404
"""Closing codes (RFC 6455, 7.4); 4000 and above are for applications, here with the digits of HTTP's 404."""


class JobConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """Check the access, join the job's group, accept, send a snapshot from the database, then every change."""

    last_seq = -1
    last_position: int | None = None
    refresh_task: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Without access, the closing code is the same for strangers, signed-out people and wrong ids."""
        self.job_id: UUID = self.scope["url_route"]["kwargs"]["job_id"]
        if await self._read() is None:
            await self.accept()  # only an accepted socket can be closed with a code that a browser sees
            await self.close(NOT_FOUND)
            return
        try:
            await self.channel_layer.group_add(group_of(self.job_id), self.channel_name)
            await self.channel_layer.group_add(QUEUE_GROUP, self.channel_name)
        except (RedisError, OSError) as error:
            logger.warning("No socket for job %s: %s", self.job_id, error)
            await self.close(SERVICE_RESTART)
            return
        await self.accept()
        await self._send_job("snapshot")
        self.refresh_task = asyncio.create_task(self._refresh())

    async def disconnect(self, code: int) -> None:
        """Leave the groups and stop refreshing."""
        if self.refresh_task is not None:
            self.refresh_task.cancel()
        with contextlib.suppress(RedisError, OSError):
            await self.channel_layer.group_discard(group_of(self.job_id), self.channel_name)
            await self.channel_layer.group_discard(QUEUE_GROUP, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Close: clients have nothing to send."""
        await self.close(POLICY)

    async def job_changed(self, event: dict[str, Any]) -> None:
        """A notification: the row has changed."""
        await self._send_job("job")

    async def queue_moved(self, event: dict[str, Any]) -> None:
        """A notification: a job has left the queue, so the position of a queued job may have changed."""
        if self.last_position is not None:
            await self._send_job("job")

    async def _refresh(self) -> None:
        """Read the row every REFRESH_SECONDS, in case a notification was lost or the access has ended."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self._send_job("job")

    async def _send_job(self, kind: str) -> None:
        """Send the job if it has changed; close when it has ended or may no longer be viewed."""
        job = await self._read()
        if job is None:
            await self.close(NOT_FOUND)
            return
        position = job["queue_position"]
        if job["seq"] > self.last_seq:
            await self.send_json({"type": kind, "job": job})
        elif position != self.last_position:  # the row is the same: only a snapshot is accepted with the same seq
            await self.send_json({"type": "snapshot", "job": job})
        self.last_seq, self.last_position = max(job["seq"], self.last_seq), position
        if job["state"] in TERMINAL:
            await self.close(NORMAL_CLOSURE)

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _read(self) -> dict[str, Any] | None:
        """The job as its viewer may see it now, None without access. The account is read again each time."""
        user = self.scope["user"]
        if user.is_anonymous:
            return None
        user.refresh_from_db(fields=["is_active"])
        job = access.job_for_read(user, self.job_id)
        return None if job is None else dict(JobSerializer(job, context={"viewer": user}).data)
