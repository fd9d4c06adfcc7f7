"""How long a job is likely to take: based on recent jobs on this server, or on its speed until there are some."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q

from jobs.core import machine_speed
from jobs.models import Job, JobQuerySet, Photo, State
from ml import reference_times

STAGE_FACTOR = 10.0
MIN_STAGE_SECONDS = 120.0
"""A stage may take this many times as long as the slowest recent one, and never less than this, before it is stuck."""
RECENT_JOBS = 20
"""Jobs that an estimate is based on: enough for a stable median, few enough to follow a change of hardware."""
SEARCHED_JOBS = 1000
"""Of the latest jobs: for settings that nobody uses, the whole table would be searched in vain."""
CACHE_SECONDS = 30.0
"""How long a process uses an estimate before it measures again: the query takes most of the time of a job's JSON."""


@dataclass(frozen=True)
class Estimate:
    """Seconds of work; `learned` from jobs on this server, otherwise the reference times at this machine's speed."""

    seconds: float
    learned: bool


_cached: dict[tuple[str, str, bool], tuple[float, Estimate]] = {}


def estimate(quality: str, engine: str = "auto", *, remix: bool = False) -> Estimate:
    """For jobs with these settings, at most CACHE_SECONDS old."""
    key = (quality, engine, remix)
    expires_at, found = _cached.get(key, (0.0, None))
    if found is None or time.monotonic() >= expires_at:
        found = _fresh_estimate(quality, engine, remix=remix)
        _cached[key] = (time.monotonic() + CACHE_SECONDS, found)
    return found


def seconds_for(quality: str, engine: str = "auto", *, remix: bool = False) -> float:
    """The seconds of `estimate`."""
    return estimate(quality, engine, remix=remix).seconds


def forget() -> None:
    """Measure again with the next request."""
    _cached.clear()


def _fresh_estimate(quality: str, engine: str, *, remix: bool) -> Estimate:
    learned = learned_seconds(quality, engine, remix=remix)
    if learned is not None:
        return Estimate(learned, learned=True)
    reference = reference_times.seconds(quality, engine, settings.MODELS_DIR, remix=remix)
    return Estimate(round(reference * machine_speed.factor(), 1), learned=False)


def learned_seconds(quality: str, engine: str = "auto", *, remix: bool = False) -> float | None:
    """Median run time of the latest jobs with this quality and requested engine; None without any.

    A remix has no photos and skips the networks, so remixes and other jobs are estimated separately.
    """
    latest = recent(quality, engine).filter(
        ~Exists(Photo.objects.filter(job=OuterRef("pk"))) if remix else Q(photos__position=0)
    )
    latest = latest.only("started_at", "finished_at")[:RECENT_JOBS]
    seconds = [job.run_seconds for job in latest if job.run_seconds is not None]
    return round(median(seconds), 1) if seconds else None


def recent(quality: str, engine: str) -> JobQuerySet:
    """Jobs with these settings among the latest that ended, the newest first."""
    ended = Job.objects.filter(finished_at__isnull=False).order_by("-finished_at").values("pk")[:SEARCHED_JOBS]
    done = Job.objects.filter(pk__in=ended, state=State.SUCCEEDED, recipe__quality=quality, recipe__engine=engine)
    return done.order_by("-finished_at")


def stage_budgets(job: Job) -> dict[str, float]:
    """Seconds after which each stage of a job like this one is stuck; empty without earlier jobs."""
    done = recent(job.quality, job.recipe.get("engine", "auto"))
    latest = done.values_list("stage_seconds", flat=True)[:RECENT_JOBS]
    slowest: dict[str, float] = {}
    for stages in latest:
        for name, seconds in stages.items():
            slowest[name] = max(slowest.get(name, 0.0), seconds)
    return {name: max(STAGE_FACTOR * seconds, MIN_STAGE_SECONDS) for name, seconds in slowest.items()}


def eta_seconds(job: Job, position: int | None, workers: int) -> float | None:
    """Seconds until an active job is likely to be done; None for any other, and without a worker.

    A queued job at `position` waits for those before it, which are assumed to take as long, on all `workers`.
    """
    if job.is_terminal:
        return None
    seconds = estimate_for(job)
    if job.state == State.RUNNING:
        return round(seconds * (1.0 - job.progress), 1)
    return round(seconds * (1 + ((position or 1) - 1) / workers), 1) if workers else None


def estimate_for(job: Job) -> float:
    """`seconds_for` the job's settings."""
    is_remix = not job.photos.all()
    return seconds_for(job.quality, str(job.recipe.get("engine", "auto")), remix=is_remix)


def queue_length() -> int:
    """Number of queued jobs."""
    return Job.objects.active().filter(state=State.QUEUED, deleted_at=None).count()


def queue_lengths() -> dict[str, int]:
    """Number of queued jobs by the name of their queue; queues without any are left out."""
    queued = Job.objects.active().filter(state=State.QUEUED, deleted_at=None)
    return dict(queued.order_by().values_list("queue").annotate(Count("pk")))


def queue_position(job: Job) -> int | None:
    """About how many jobs start before this one, plus one; None when the job is not queued.

    Workers share fairly (jobs.core.fairness): before somebody's second job, each other person has one or two.
    """
    if job.state != State.QUEUED:
        return None
    earlier = Job.objects.active().filter(state=State.QUEUED, deleted_at=None, queued_at__lt=job.queued_at)
    return _position(job.owner_id, dict(earlier.order_by().values_list("owner").annotate(Count("pk"))))


def queue_positions(jobs: Iterable[Job]) -> dict[UUID, int]:
    """`queue_position` of every queued job, with one query."""
    wanted = {job.pk: job.queued_at for job in jobs if job.state == State.QUEUED}
    if not wanted:
        return {}
    queued = Job.objects.active().filter(state=State.QUEUED, deleted_at=None, queued_at__lte=max(wanted.values()))
    positions, counts = {}, Counter[int]()
    for key, owner in queued.order_by("queued_at").values_list("pk", "owner"):
        if key in wanted:
            positions[key] = _position(owner, counts)
        counts[owner] += 1
    return positions


def _position(owner: int, earlier: Mapping[int, int]) -> int:
    own = earlier.get(owner, 0)
    return own + 1 + sum(min(number, own + 1) for other, number in earlier.items() if other != owner)
