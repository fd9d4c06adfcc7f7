"""The state of the server: whether database, Redis and workers are there, and what staff see of the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import django_rq
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min
from django.utils import timezone
from redis.exceptions import RedisError

from jobs.core import queue, routing, storage
from jobs.models import AbuseReport, Job, JobEvent, JobQuerySet, State, WorkerHeartbeat

LOW_DISK_FACTOR = 2
"""Staff are warned while there is still this much more free space than uploads need."""


def database_available() -> bool:
    """True when the database runs a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def migrations_applied() -> bool:
    """True when the database has every migration of this version of the code."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def storage_available() -> bool:
    """True when photos and results can be written."""
    try:
        free = storage.free_bytes()
        return (free is None or free > settings.MIN_FREE_BYTES) and storage.backend().is_available()
    except OSError:
        return False


def redis_available() -> bool:
    """True when Redis responds to a ping."""
    try:
        return bool(django_rq.get_connection(settings.JOB_QUEUE).ping())
    except RedisError:
        return False


@dataclass(frozen=True)
class Worker:
    """One worker, and whether its last heartbeat is at most WORKER_SEEN_SECONDS old."""

    name: str
    seen_at: datetime
    is_online: bool
    engines: str = ""
    queues: str = ""
    memory_bytes: int = 0


@dataclass(frozen=True)
class Health:
    """The server as staff see it. `failures` are of the last 24 hours.

    `queue_entries` is None without Redis, `free_bytes` in a bucket, which has no limit.
    """

    states: dict[str, int]
    oldest_waiting: datetime | None
    workers: list[Worker]
    redis: bool
    queue_entries: int | None
    free_bytes: int | None
    disk_is_low: bool
    failures: list[tuple[str, int]]
    open_reports: int


def gather() -> Health:
    """Everything on the page, in a handful of queries."""
    entries = queue.queued_entry_ids()
    free = storage.free_bytes()
    return Health(
        states=jobs_by_state(),
        oldest_waiting=_waiting().aggregate(oldest=Min("queued_at"))["oldest"],
        workers=workers(),
        redis=redis_available(),
        queue_entries=None if entries is None else len(entries),
        free_bytes=free,
        disk_is_low=free is not None and free < LOW_DISK_FACTOR * settings.MIN_FREE_BYTES,
        failures=failures_of_the_day(),
        open_reports=AbuseReport.objects.filter(closed_at=None).count(),
    )


def jobs_by_state() -> dict[str, int]:
    """Number of jobs in each state, including states without any."""
    counted = Job.objects.filter(deleted_at=None).order_by().values_list("state").annotate(Count("pk"))
    return {**dict.fromkeys(State.values, 0), **dict(counted)}


def _waiting() -> JobQuerySet:
    return Job.objects.active().filter(state=State.QUEUED, deleted_at=None)


def waiting_by_queue() -> dict[str, tuple[int, datetime]]:
    """For each queue in which jobs wait, their number, and since when the oldest one does."""
    rows = _waiting().order_by().values_list("queue").annotate(Count("pk"), Min("queued_at"))
    return {name: (number, oldest) for name, number, oldest in rows}


def workers() -> list[Worker]:
    """All workers, the most recently seen first."""
    since = timezone.now() - timedelta(seconds=settings.WORKER_SEEN_SECONDS)
    return [_worker(row, since) for row in WorkerHeartbeat.objects.order_by("-seen_at")]


def _worker(row: WorkerHeartbeat, since: datetime) -> Worker:
    engines = [name for name in row.engines.split(",") if name]
    queues = ", ".join(routing.worker_queues(engines))
    return Worker(row.name, row.seen_at, row.seen_at >= since, ", ".join(engines), queues, row.memory_bytes)


def failures_of_the_day() -> list[tuple[str, int]]:
    """Failure codes of the last 24 hours with their number, the most frequent first; each attempt counts."""
    since = timezone.now() - timedelta(days=1)
    failed = JobEvent.objects.filter(at__gte=since, kind="state", state=State.FAILED)
    return list(failed.order_by().values_list("code").annotate(number=Count("pk")).order_by("-number", "code"))
