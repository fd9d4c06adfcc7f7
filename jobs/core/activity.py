"""What happened on the server in the last 24 hours, hour by hour, for the dashboard of the staff."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Sum
from django.db.models.functions import TruncHour
from django.utils import timezone

from jobs.models import Job, JobEvent, State

HOURS = 24
COUNTED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)
"""Ends of jobs; each attempt counts."""


@dataclass(frozen=True)
class Hour:
    """How many jobs ended in one hour, which began at `at`."""

    at: datetime
    succeeded: int
    failed: int
    cancelled: int


def last_hours() -> list[Hour]:
    """One entry per hour, oldest first, the current one last; with one query."""
    now = timezone.localtime().replace(minute=0, second=0, microsecond=0)
    starts = [now - timedelta(hours=back) for back in range(HOURS - 1, -1, -1)]
    ended = JobEvent.objects.filter(kind="state", state__in=COUNTED, at__gte=starts[0])
    rows = ended.annotate(hour=TruncHour("at")).order_by().values_list("hour", "state").annotate(number=Count("pk"))
    counts = Counter({(hour, state): number for hour, state, number in rows})
    return [Hour(at, *(counts[at, state] for state in COUNTED)) for at in starts]


def stored_bytes() -> int:
    """Photos and results of everybody, the bins included."""
    return int(Job.objects.aggregate(total=Sum("size", default=0))["total"])


def jobs_at_work() -> dict[str, Job]:
    """The running job of each worker, by the worker's name."""
    running = Job.objects.active().filter(state=State.RUNNING).only("title", "worker", "stage", "progress")
    return {job.worker: job for job in running}
