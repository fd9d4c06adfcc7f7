"""The open sockets of this process: one listener and one timer for all of them.

A notification makes the hub read the changed job once and send it to every socket that watches it. Before anything is
sent, and every CHECK_SECONDS, it is checked that each socket's session or token still counts and that its user may
still see the job.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from redis.exceptions import RedisError

from jobs.core.notify import GROUP
from jobs.live.snapshots import Update, Watch, read

logger = logging.getLogger(__name__)

CHECK_SECONDS = 15.0
"""How often every socket is checked without a notification, in case one was lost."""
RETRY_SECONDS = 1.0
"""Pause after a read that failed."""
SERVICE_RESTART, TRY_AGAIN_LATER = 4012, 4013
"""Closing codes: IANA's 1012 and 1013, which daphne's WebSocket library refuses to send, in the private range."""


class Socket(Protocol):
    """What the hub needs of a socket."""

    watch: Watch
    address: str
    last_seq: int
    last_position: int | None
    is_open: bool
    """False until the handshake is complete: nothing is sent before."""

    async def deliver(self, update: Update) -> None:
        """Send what has changed."""

    async def close(self, code: int) -> None:
        """Close the socket; it then leaves the hub."""


class Listener(Protocol):
    """An open stream of server-sent events, which reads for itself what it sends."""

    user_id: int
    address: str

    def note(self, message: dict[str, Any] | None) -> None:
        """Something has changed; None: notifications have ended."""


class TooManySockets(Exception):
    """This user or this address has as many sockets in this process as it may have."""


class Hub:
    """The sockets of one event loop, i.e. of one web process."""

    def __init__(self) -> None:
        self._sockets: set[Socket] = set()
        self._listeners: set[Listener] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._wanted: set[Socket] = set()
        self._wake = asyncio.Event()
        self._starting = asyncio.Lock()

    async def join(self, socket: Socket) -> None:
        """Add a socket.

        Raises TooManySockets, or RedisError or OSError while notifications cannot be received.
        """
        self._check_limits(socket.watch.identity.user_id, socket.address)
        self._sockets.add(socket)
        try:
            await self._ensure_running()
        except BaseException:
            self._sockets.discard(socket)
            raise

    def leave(self, socket: Socket) -> None:
        """Remove a socket; the last one ends the listener and the timer."""
        self._sockets.discard(socket)
        self._wanted.discard(socket)
        self._stop_if_unused()

    async def listen(self, listener: Listener) -> None:
        """Add a stream. Raises as `join`."""
        self._check_limits(listener.user_id, listener.address)
        self._listeners.add(listener)
        try:
            await self._ensure_running()
        except BaseException:
            self._listeners.discard(listener)
            raise

    def unlisten(self, listener: Listener) -> None:
        """Remove a stream."""
        self._listeners.discard(listener)
        self._stop_if_unused()

    async def _ensure_running(self) -> None:
        async with self._starting:
            if not self._tasks:
                await self._start()

    def _stop_if_unused(self) -> None:
        if not self._sockets and not self._listeners:
            self._stop()

    def request_update(self, socket: Socket) -> None:
        """Read and send what `socket` does not know yet."""
        self._wanted.add(socket)
        self._wake.set()

    def _check_limits(self, user_id: int, address: str) -> None:
        users = [socket.watch.identity.user_id for socket in self._sockets]
        users += [listener.user_id for listener in self._listeners]
        addresses = [socket.address for socket in self._sockets]
        addresses += [listener.address for listener in self._listeners]
        if users.count(user_id) >= settings.MAX_SOCKETS_PER_USER:
            raise TooManySockets
        if addresses.count(address) >= settings.MAX_SOCKETS_PER_ADDRESS:
            raise TooManySockets

    async def _start(self) -> None:
        layer = get_channel_layer()
        async with asyncio.timeout(settings.REDIS_WAIT_SECONDS):
            channel = await layer.new_channel()
            await layer.group_add(GROUP, channel)
        loops = (self._listen(layer, channel), self._tick(), self._serve())
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    async def shut_down(self) -> None:
        """Forget every socket, and wait until nothing of this hub runs any more."""
        self._sockets, self._listeners, tasks = set(), set(), self._tasks
        self._stop()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, layer: Any, channel: str) -> None:
        """Note which sockets a notification concerns. Without Redis all of them close, and the pages poll."""
        try:
            while True:
                self._note(await layer.receive(channel))
        except (RedisError, OSError) as error:
            logger.warning("Sockets close because Redis is unavailable: %s", error)
            await self._close_all()
        finally:
            with contextlib.suppress(RedisError, OSError):
                await asyncio.shield(layer.group_discard(GROUP, channel))

    def _note(self, message: dict[str, Any]) -> None:
        for listener in self._listeners:
            listener.note(message)
        if message["type"] == "job.changed":
            job_id = UUID(message["job"])
            self._wanted |= {socket for socket in self._sockets if socket.watch.job_id == job_id}
        elif message["type"] == "access.changed":
            user = message["user"]
            self._wanted |= {socket for socket in self._sockets if socket.watch.identity.user_id == user}
        else:
            self._wanted |= {socket for socket in self._sockets if socket.last_position is not None}
        self._wake.set()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            self._wanted |= self._sockets
            self._wake.set()

    async def _serve(self) -> None:
        """Read for the sockets that need it; what arrives meanwhile is read in the next round."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            sockets, self._wanted = self._wanted, set()
            try:
                await self._update(sockets)
            except Exception:  # a locked database, or a job that was deleted meanwhile; the loop must go on
                logger.warning("Sockets were not updated; trying again", exc_info=True)
                await asyncio.sleep(RETRY_SECONDS)
                self._wanted |= sockets
                self._wake.set()

    async def _update(self, sockets: set[Socket]) -> None:
        seen: dict[Watch, int] = {}
        sockets = {socket for socket in sockets & self._sockets if socket.is_open}
        for socket in sockets:
            seen[socket.watch] = min(socket.last_seq, seen.get(socket.watch, socket.last_seq))
        answers = await database_sync_to_async(read)(seen)
        for socket in sockets & self._sockets:
            answer = answers[socket.watch]
            with contextlib.suppress(Exception):  # a client that has gone is no reason to keep others waiting
                await (socket.close(answer) if isinstance(answer, int) else socket.deliver(answer))

    async def _close_all(self) -> None:
        for socket in list(self._sockets):
            with contextlib.suppress(Exception):
                await socket.close(SERVICE_RESTART)
            self._sockets.discard(socket)
        for listener in list(self._listeners):
            listener.note(None)
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            if task is not asyncio.current_task():
                task.cancel()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current_hub() -> Hub:
    """The hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
