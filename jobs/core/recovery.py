"""A job whose worker or engine died begins again by itself, at most MAX_RESTARTS times; then it fails."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from jobs.core import queue, transitions
from jobs.core.transitions import Writer
from jobs.models import Job, State

MAX_RESTARTS = 2
"""Per attempt of the owner: a job that keeps killing its worker must not keep it from the others' jobs."""


def lose(job_id: UUID, token: UUID, *, writer: Writer, detail: str = "", killed: bool = False) -> bool:
    """The run that holds `token` died: the job begins again, ends as cancelled, or fails as `worker_lost`.

    `killed`: from outside, as the kernel does when memory runs out; the next run then plans with less memory.
    False when the run had ended, or another run holds the job.
    """
    job = _running(job_id, token)
    if job is None:
        return False
    if job.cancel_requested_at is None and job.restarts < MAX_RESTARTS:
        return _begin_again(job, token, writer, restarts=job.restarts + 1, low_memory=killed or job.low_memory)
    if job.cancel_requested_at is None:
        return transitions.fail(job_id, "worker_lost", writer=writer, token=token, detail=detail)
    return transitions.advance(job_id, State.CANCELLED, writer=writer, token=token)


def give_back(job_id: UUID, token: UUID, *, writer: Writer) -> bool:
    """The run that holds `token` ends through no fault of the job: it begins again, and that is not counted."""
    job = _running(job_id, token)
    if job is None:
        return False
    if job.cancel_requested_at is not None:
        return transitions.advance(job_id, State.CANCELLED, writer=writer, token=token)
    return _begin_again(job, token, writer)


def _running(job_id: UUID, token: UUID) -> Job | None:
    return Job.objects.filter(pk=job_id, state=State.RUNNING, lease_token=token).first()


@transaction.atomic
def _begin_again(job: Job, token: UUID, writer: Writer, **fields: Any) -> bool:
    """Back into the queue, at its old place: the job has waited already."""
    fields = {**fields, "run": job.run + 1, "queued_at": job.queued_at}
    if not transitions.advance(job.pk, State.QUEUED, writer=writer, token=token, code="worker_lost", **fields):
        return False
    transaction.on_commit(lambda: queue.enqueue(job.pk, job.attempt, job.run + 1, name=job.queue), robust=True)
    return True
