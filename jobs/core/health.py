"""The state of the server: whether database, Redis and workers are there, and what staff see of the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import django_rq
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Min
from django.utils import timezone
from redis.exceptions import RedisError

from jobs.core import queue, storage
from jobs.models import AbuseReport, Job, JobEvent, JobQuerySet, State, WorkerBeat


def database_answers() -> bool:
    """True when the database runs a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def redis_answers() -> bool:
    """True when Redis answers a ping."""
    try:
        return bool(django_rq.get_connection(settings.JOB_QUEUE).ping())
    except RedisError:
        return False


@dataclass(frozen=True)
class Worker:
    """One worker, and whether it gave a sign of life within WORKER_SEEN_SECONDS."""

    name: str
    seen_at: datetime
    lives: bool


@dataclass(frozen=True)
class Health:
    """The server as staff see it. `rings` is None when Redis cannot say; `failures` are of the last day."""

    states: dict[str, int]
    oldest_waiting: datetime | None
    workers: list[Worker]
    redis: bool
    rings: int | None
    free_bytes: int
    disk_is_low: bool
    failures: list[tuple[str, int]]
    open_reports: int


def gather() -> Health:
    """Everything for the page, in a handful of queries."""
    rings = queue.waiting_rings()
    free = storage.free_bytes()
    return Health(
        states=jobs_by_state(),
        oldest_waiting=_waiting().aggregate(oldest=Min("queued_at"))["oldest"],
        workers=workers(),
        redis=redis_answers(),
        rings=None if rings is None else len(rings),
        free_bytes=free,
        disk_is_low=free < 2 * settings.MIN_FREE_BYTES,
        failures=failures_of_the_day(),
        open_reports=AbuseReport.objects.filter(closed_at=None).count(),
    )


def jobs_by_state() -> dict[str, int]:
    """How many jobs are in each state, the empty ones too."""
    counted = Job.objects.filter(deleted_at=None).order_by().values_list("state").annotate(Count("pk"))
    return {**dict.fromkeys(State.values, 0), **dict(counted)}


def _waiting() -> JobQuerySet:
    return Job.objects.filter(state=State.QUEUED, deleted_at=None)


def workers() -> list[Worker]:
    """The latest seen first."""
    since = timezone.now() - timedelta(seconds=settings.WORKER_SEEN_SECONDS)
    beats = WorkerBeat.objects.order_by("-seen_at")
    return [Worker(beat.name, beat.seen_at, beat.seen_at >= since) for beat in beats]


def failures_of_the_day() -> list[tuple[str, int]]:
    """Code and number of the failures of the last 24 hours, the most frequent first; a retry counts again."""
    since = timezone.now() - timedelta(days=1)
    failed = JobEvent.objects.filter(at__gte=since, kind="state", state=State.FAILED)
    return list(failed.order_by().values_list("code").annotate(number=Count("pk")).order_by("-number", "code"))
