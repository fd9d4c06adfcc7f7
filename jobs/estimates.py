"""How long it will take, learned from what this server did before."""

from __future__ import annotations

from statistics import median

from jobs.models import Job, State

RECENT = 20


def seconds_for(quality: str, engine: str = "auto") -> float | None:
    """Median work time of the last jobs of this quality (and engine, when one was asked for); None without any."""
    done = Job.objects.filter(state=State.SUCCEEDED, recipe__quality=quality, recipe__engine=engine)
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
