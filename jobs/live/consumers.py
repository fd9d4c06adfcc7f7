"""The socket of one job: a snapshot on connecting, then each change. It only sends."""

from __future__ import annotations

import logging
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from redis.exceptions import RedisError

from accounts.core.identity import Identity
from jobs.live.hub import SERVICE_RESTART, TRY_AGAIN_LATER, TooManySockets, current_hub
from jobs.live.snapshots import SIGNED_OUT, Update, Watch, read
from jobs.models import TERMINAL

logger = logging.getLogger(__name__)

NORMAL_CLOSURE, POLICY = 1000, 4008
"""Closing codes (RFC 6455, 7.4.1)."""


class JobConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """Check the access, join the hub, accept, send a snapshot from the database, then every change."""

    channel_layer_alias = "none"  # the hub listens for all sockets of the process

    watch: Watch
    address = ""
    last_seq = -1
    last_position: int | None = None
    last_job: dict[str, Any] | None = None
    is_open = False

    async def connect(self) -> None:
        """Without access, the closing code is the same for another person's job and for a wrong id."""
        identity: Identity | None = self.scope["identity"]
        if identity is None:
            await self._reject(SIGNED_OUT)
            return
        self.watch = Watch(identity, self.scope["url_route"]["kwargs"]["job_id"])
        self.address = self.scope["client_address"]
        hub = current_hub()
        try:
            await hub.join(self)
        except TooManySockets:
            await self._reject(TRY_AGAIN_LATER)
            return
        except (RedisError, OSError) as error:
            logger.warning("No socket for job %s: %s", self.watch.job_id, error)
            await self.close(SERVICE_RESTART)
            return
        answer = (await database_sync_to_async(read)({self.watch: self.last_seq}))[self.watch]
        if isinstance(answer, int):
            await self._reject(answer)
            return
        await self.accept()
        self.is_open = True
        await self.deliver(answer)
        hub.request_update(self)  # for a change between the read and now

    async def _reject(self, code: int) -> None:
        """Accept, then close: only an accepted socket can be closed with a code that a browser sees."""
        await self.accept()
        await self.close(code)

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close, and leave the hub at once: the client may take its time to confirm."""
        self.is_open = False
        await super().close(code, reason)
        current_hub().leave(self)

    async def disconnect(self, code: int) -> None:
        """Leave the hub."""
        current_hub().leave(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Close: clients have nothing to send."""
        await self.close(POLICY)

    async def deliver(self, update: Update) -> None:
        """Send the job if it has changed; close when it has ended."""
        job = update.job
        if job is not None and job["seq"] > self.last_seq:
            kind = "snapshot" if self.last_job is None else "job"
            await self._send_job(kind, job)
        elif self.last_job is not None and update.position != self.last_position:
            # The row is the same: only a snapshot is accepted with the same seq.
            await self._send_job("snapshot", {**self.last_job, "queue_position": update.position})

    async def _send_job(self, kind: str, job: dict[str, Any]) -> None:
        self.last_job, self.last_seq, self.last_position = job, job["seq"], job["queue_position"]
        await self.send_json({"type": kind, "job": job})
        if job["state"] in TERMINAL:
            await self.close(NORMAL_CLOSURE)
