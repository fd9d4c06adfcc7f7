"""Which waiting job a worker takes next: highest response ratio next, shared fairly between people.

A job's response ratio is (time waited + expected time) / expected time (Brinch Hansen 1971): a short job overtakes a
long one, whose ratio grows all the same until it is its turn. It is divided by one plus the number of jobs of its owner
that started lately, and the time of the owner's last start counts as the beginning of the wait: whoever has just been
served comes after those who have not, however many jobs they have queued.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max
from django.utils import timezone

from jobs.models import Job, State

LATELY = timedelta(minutes=10)
"""Starts of an owner within this time count against the owner's next job."""
MIN_EXPECTED_SECONDS = 1.0
"""Shorter estimates count as this, so that no ratio explodes."""
MAX_CANDIDATES = 5000
"""Of more waiting jobs, only the oldest are compared, to keep a choice below 0.1 s."""


@dataclass(frozen=True)
class Candidate:
    """A waiting job."""

    job_id: UUID
    owner: int
    queued_at: datetime
    expected_seconds: float
    attempt: int
    run: int
    queue: str


@dataclass(frozen=True)
class Served:
    """How many jobs of a person started within LATELY, and when the last one did."""

    number: int
    last: datetime


def candidates(queues: Iterable[str]) -> list[Candidate]:
    """The jobs that wait in these queues, oldest first."""
    waiting = (
        Job.objects.active().filter(state=State.QUEUED, deleted_at=None, queue__in=list(queues)).order_by("queued_at")
    )
    fields = ("pk", "owner_id", "queued_at", "expected_seconds", "attempt", "run", "queue")
    return [Candidate(*row) for row in waiting.values_list(*fields)[:MAX_CANDIDATES]]


def served_lately(now: datetime) -> dict[int, Served]:
    """By owner."""
    started = Job.objects.filter(started_at__gte=now - LATELY).order_by().values_list("owner_id")
    rows = started.annotate(number=Count("pk"), last=Max("started_at"))
    return {owner: Served(number, last) for owner, number, last in rows}


def choose(waiting: Sequence[Candidate], served: Mapping[int, Served], now: datetime) -> Candidate | None:
    """The job that comes next; of equals, the oldest."""

    def rank(job: Candidate) -> tuple[bool, float, float]:
        return (*_priority(job, served.get(job.owner), now), -job.queued_at.timestamp())

    return max(waiting, key=rank, default=None)


def _priority(job: Candidate, served: Served | None, now: datetime) -> tuple[bool, float]:
    """A job that begins again comes first: it had its turn."""
    since = max(job.queued_at, served.last) if served else job.queued_at
    waited = max((now - since).total_seconds(), 0.0)
    ratio = 1.0 + waited / max(job.expected_seconds, MIN_EXPECTED_SECONDS)
    return job.run > 1, ratio / (1 + (served.number if served else 0))


def better_than(job_id: UUID, queues: Iterable[str]) -> Candidate | None:
    """The job that comes next in these queues, if it is another one; None too when `job_id` does not wait any more."""
    now = timezone.now()
    waiting = candidates(queues)
    if job_id not in {job.job_id for job in waiting}:
        return None
    chosen = choose(waiting, served_lately(now), now)
    return chosen if chosen is not None and chosen.job_id != job_id else None
