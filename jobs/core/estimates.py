"""How long it will take, learned from what this server did before."""

from __future__ import annotations

from statistics import median

from django.db.models import Exists, OuterRef, Q

from jobs.models import Job, Photo, State

RECENT = 20


def seconds_for(quality: str, engine: str = "auto", *, remix: bool = False) -> float | None:
    """Median work time of the last jobs of this quality, engine as asked for, and kind; None without any.

    A remix has no photos and skips the networks: the two kinds know nothing of each other.
    """
    done = Job.objects.filter(state=State.SUCCEEDED, recipe__quality=quality, recipe__engine=engine)
    done = done.filter(~Exists(Photo.objects.filter(job=OuterRef("pk"))) if remix else Q(photos__position=0))
    times = [job.run_seconds for job in done.only("started_at", "finished_at").order_by("-finished_at")[:RECENT]]
    known = [seconds for seconds in times if seconds is not None]
    return round(median(known), 1) if known else None


def queue_length() -> int:
    """Jobs that wait for a worker."""
    return Job.objects.filter(state=State.QUEUED, deleted_at=None).count()


def queue_position(job: Job) -> int | None:
    """1 for the job that comes next; None when it does not wait."""
    if job.state != State.QUEUED:
        return None
    earlier = Job.objects.filter(state=State.QUEUED, deleted_at=None, queued_at__lt=job.queued_at)
    return earlier.count() + 1
