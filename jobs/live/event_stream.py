"""Server-sent events: the log of one job, or of all jobs of a person, from where the client has stopped reading.

Every entry of the log (`JobEvent`) has a number, which the client sends as `Last-Event-ID` when it connects again: what
it has missed is read from the database, whichever process it reaches. Between them come the jobs as they are now.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone
from redis.exceptions import RedisError
from rest_framework.renderers import JSONRenderer

from accounts.core.identity import Identity, valid_users
from accounts.models import User
from jobs.core import access
from jobs.http.serializers import JobSerializer, context_of
from jobs.live.hub import TooManySockets, current_hub
from jobs.models import Job, JobEvent, JobQuerySet

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
"""Pause after which a comment is sent: proxies cut a silent connection after 30 seconds and more."""
RETRY_MS, RETRY_LATER_MS = 3_000, 30_000
"""When the client connects again after the stream has broken, and when it has too many of them."""
OVERLAP = timedelta(seconds=10)
"""A change may become visible so long after the time that it is stored with."""
LATE_IDS = 100
"""PostgreSQL may show an entry after one with a higher number: so many numbers back are looked at again."""
MAX_REPLAYED = 1000
"""Entries that are read at once; those after them come with the next read."""


class EventStream:
    """One connection. `job_id` is None for all jobs of the user; `last_id` None: nothing is replayed."""

    def __init__(
        self, identity: Identity, address: str, job_id: UUID | None, last_id: int | None, fields: frozenset[str]
    ) -> None:
        self.user_id, self.address = identity.user_id, address
        self._identity, self._job_id, self._fields = identity, job_id, fields
        self._last_id, self._first_id = last_id, last_id or 0
        self._since = timezone.now()
        self._sent: dict[UUID, tuple[int, datetime]] = {}
        self._wake = asyncio.Event()
        self._sent_ids: set[int] = set()
        self._is_over = self._has_more = False

    def note(self, message: dict[str, Any] | None) -> None:
        """Read again, if the notification may concern this stream."""
        if message is None:
            self._is_over = True
        if message is None or self._is_concerned(message):
            self._wake.set()

    def _is_concerned(self, message: dict[str, Any]) -> bool:
        if message["type"] == "job.changed":
            return self._job_id in (None, UUID(message["job"]))
        return message["type"] != "access.changed" or bool(message["user"] == self.user_id)

    async def frames(self) -> AsyncIterator[bytes]:
        """What is sent, until the job has ended, the access has ended or the client has gone."""
        hub = current_hub()
        try:
            await hub.listen(self)
        except TooManySockets:
            yield _end("too_many_streams", RETRY_LATER_MS)
            return
        except (RedisError, OSError) as error:
            logger.warning("No event stream: %s", error)
            yield _end("unavailable", RETRY_LATER_MS)
            return
        try:
            async for frame in self._listening():
                yield frame
        finally:
            hub.unlisten(self)

    async def _listening(self) -> AsyncIterator[bytes]:
        """Until the end, or for EVENT_STREAM_SECONDS: then the client connects again and misses nothing."""
        yield f"retry: {RETRY_MS}\n\n".encode()
        deadline = time.monotonic() + settings.EVENT_STREAM_SECONDS
        while not self._is_over and (left := deadline - time.monotonic()) > 0:
            self._wake.clear()
            for frame in await database_sync_to_async(self._read)():
                yield frame
            if not self._is_over and not await self._woken(min(HEARTBEAT_SECONDS, left)):
                yield b": heartbeat\n\n"

    async def _woken(self, seconds: float) -> bool:
        """False when nothing has happened for so long; then everything is checked all the same."""
        if self._has_more:
            return True
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _read(self) -> list[bytes]:
        """The frames of what is new."""
        user = valid_users([self._identity]).get(self._identity)
        if user is None:
            return self._over("signed_out")
        jobs = self._jobs(user)
        if self._job_id is not None and not jobs.exists():
            return self._over("not_found")
        frames = [*self._log(jobs), *self._changed(user, jobs)]
        is_finished = self._job_id is not None and jobs.get().is_terminal
        return frames + self._over("finished") if is_finished else frames

    def _jobs(self, user: User) -> JobQuerySet:
        if self._job_id is None:
            return access.jobs_of(user)
        job = access.job_for_read(user, self._job_id)
        return Job.objects.filter(pk=job.pk) if job else Job.objects.none()

    def _log(self, jobs: JobQuerySet) -> list[bytes]:
        """The entries since the last one that was sent; at first only the number to continue from."""
        entries = JobEvent.objects.filter(job__in=jobs)
        if self._last_id is None:
            self._last_id = self._first_id = entries.aggregate(last=Max("pk"))["last"] or 0
            return [_frame("ready", {}, self._last_id)]
        floor = max(self._last_id - LATE_IDS, self._first_id)
        late = Q(pk__gt=floor, at__gte=timezone.now() - OVERLAP) & ~Q(pk__in=self._sent_ids)
        found = list(entries.filter(Q(pk__gt=self._last_id) | late).order_by("pk")[:MAX_REPLAYED])
        self._sent_ids = {pk for pk in (*self._sent_ids, *(entry.pk for entry in found)) if pk > floor}
        self._last_id = max(self._sent_ids, default=self._last_id)
        self._has_more = len(found) == MAX_REPLAYED
        return [_frame("change", _entry(entry), entry.pk) for entry in found]

    def _changed(self, user: User, jobs: JobQuerySet) -> list[bytes]:
        """The jobs that have changed since they were sent; of a single job the first time its state in any case."""
        if self._job_id is None:
            jobs = jobs.filter(updated_at__gte=self._since - OVERLAP)
            self._since = timezone.now()
        rows = jobs.prefetch_related("photos", "artifacts", "tags", "share_links")
        new = [job for job in rows if self._sent.get(job.pk) != (job.seq, job.updated_at)]
        self._sent |= {job.pk: (job.seq, job.updated_at) for job in new}
        context = {"viewer": user, "fields": self._fields, **context_of(new)}
        return [_frame("job", dict(JobSerializer(job, context=context).data)) for job in new]

    def _over(self, reason: str) -> list[bytes]:
        self._is_over = True
        return [_end(reason)]


def _entry(entry: JobEvent) -> dict[str, Any]:
    names = ("seq", "at", "kind", "state", "stage", "progress", "code")
    return {"job": entry.job_id, **{name: getattr(entry, name) for name in names}}


def _end(reason: str, retry_ms: int | None = None) -> bytes:
    frame = _frame("end", {"reason": reason})
    return f"retry: {retry_ms}\n".encode() + frame if retry_ms else frame


def _frame(kind: str, data: dict[str, Any], number: int | None = None) -> bytes:
    """One event of the stream, with a number if the client may continue after it."""
    head = f"event: {kind}\n" + ("" if number is None else f"id: {number}\n")
    return head.encode() + b"data: " + JSONRenderer().render(data) + b"\n\n"
