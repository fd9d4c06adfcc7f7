"""The socket of one job: the truth on connecting, then each change as it happens. Send only."""

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
from jobs.core.notify import QUEUE, group_of
from jobs.http.serializers import JobSerializer

logger = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 10.0
NOT_FOUND, SERVICE_RESTART, POLICY = 4404, 1012, 1008


class JobConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """Authorise, join the job's group, accept, send a snapshot from the database, then what changes."""

    last_seq = -1
    last_position: int | None = None
    watch: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Strangers, signed-out people and wrong ids all get the same closing code."""
        self.job_id: UUID = self.scope["url_route"]["kwargs"]["job_id"]
        if await self._read() is None:
            await self.accept()  # only an accepted socket can be closed with a code that a browser sees
            await self.close(NOT_FOUND)
            return
        try:
            await self.channel_layer.group_add(group_of(self.job_id), self.channel_name)
            await self.channel_layer.group_add(QUEUE, self.channel_name)
        except (RedisError, OSError) as error:
            logger.warning("No socket for job %s: %s", self.job_id, error)
            await self.close(SERVICE_RESTART)
            return
        await self.accept()
        await self._tell("snapshot")
        self.watch = asyncio.create_task(self._look_again())

    async def disconnect(self, code: int) -> None:
        """Leave the group and stop looking."""
        if self.watch is not None:
            self.watch.cancel()
        with contextlib.suppress(RedisError, OSError):
            await self.channel_layer.group_discard(group_of(self.job_id), self.channel_name)
            await self.channel_layer.group_discard(QUEUE, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Nobody has anything to say here."""
        await self.close(POLICY)

    async def job_changed(self, event: dict[str, Any]) -> None:
        """The row has changed: somebody rang."""
        await self._tell("job")

    async def queue_moved(self, event: dict[str, Any]) -> None:
        """Some job has left the queue: a job that waits may have come nearer."""
        if self.last_position is not None:
            await self._tell("job")

    async def _look_again(self) -> None:
        """Read the row now and then: heals a lost message, and closes when the access is gone."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            await self._tell("job")

    async def _tell(self, kind: str) -> None:
        """Send the job if there is news; close when it has ended or may no longer be seen."""
        job = await self._read()
        if job is None:
            await self.close(NOT_FOUND)
            return
        position = job["queue_position"]
        if job["seq"] > self.last_seq:
            await self.send_json({"type": kind, "job": job})
        elif position != self.last_position:  # no change of the row itself: news for who takes it as read afresh
            await self.send_json({"type": "snapshot", "job": job})
        self.last_seq, self.last_position = max(job["seq"], self.last_seq), position
        if job["state"] in ("succeeded", "failed", "cancelled"):
            await self.close(1000)

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _read(self) -> dict[str, Any] | None:
        """The job as its viewer may see it now, None when they may not. The account is read anew each time."""
        user = self.scope["user"]
        if user.is_anonymous:
            return None
        user.refresh_from_db(fields=["is_active"])
        job = access.job_for_read(user, self.job_id)
        return None if job is None else dict(JobSerializer(job, context={"viewer": user}).data)
