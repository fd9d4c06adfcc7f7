"""The only place that changes a job's state: one table of who may do what, one conditional UPDATE."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jobs.core import holder, notify, storage, webhooks
from jobs.models import TERMINAL, Artifact, Job, JobEvent, State, changed
from reconsite.core.errors import MESSAGES

MAX_DETAIL = 20_000
"""Characters of a traceback that are kept, counted from its end."""


class Writer(StrEnum):
    """Which part of the system makes a change."""

    WEB = "web"
    WORKER = "worker"
    RECONCILER = "reconciler"


TRANSITIONS: dict[tuple[State, State], frozenset[Writer]] = {
    (State.QUEUED, State.RUNNING): frozenset({Writer.WORKER}),
    (State.QUEUED, State.CANCELLED): frozenset({Writer.WEB}),
    (State.RUNNING, State.SUCCEEDED): frozenset({Writer.WORKER}),
    (State.RUNNING, State.FAILED): frozenset({Writer.WORKER, Writer.RECONCILER}),
    (State.RUNNING, State.CANCELLED): frozenset({Writer.WORKER, Writer.RECONCILER}),
    (State.RUNNING, State.QUEUED): frozenset({Writer.WORKER, Writer.RECONCILER}),
    (State.FAILED, State.QUEUED): frozenset({Writer.WEB}),
    (State.CANCELLED, State.QUEUED): frozenset({Writer.WEB}),
}


def allowed_from(to: State, writer: Writer) -> list[State]:
    """The states from which `writer` may move a job to `to`."""
    return [old for (old, new), writers in TRANSITIONS.items() if new == to and writer in writers]


@transaction.atomic
def advance(
    job_id: UUID, to: State, *, writer: Writer, token: UUID | None = None, code: str = "", **fields: Any
) -> bool:
    """Move a job to `to`, with further `fields`, and record the event; False when another writer was first.

    `token` is the fencing token: with it, only the holder of the lease succeeds. `code` says in the event why.
    """
    rows = Job.objects.filter(pk=job_id, state__in=allowed_from(to, writer))
    if token is not None:
        rows = rows.filter(lease_token=token)
    values = {"state": to, **changed(), **_fields_of(to), **fields}
    if not rows.update(**values):
        return False
    if to != State.RUNNING:
        _delete_early_files(job_id, token)
    if to in (State.RUNNING, State.CANCELLED):
        transaction.on_commit(notify.queue_moved, robust=True)
    _record(job_id, "state", code=values.get("failure_code") or code)
    return True


def _delete_early_files(job_id: UUID, token: UUID | None) -> None:
    """Delete what a run published before its end; a result has rows of its own, which are not saved yet."""
    Artifact.objects.filter(job=job_id).delete()
    if token is not None:
        folder = storage.early_folder(job_id, token)
        transaction.on_commit(lambda: storage.delete_tree(folder), robust=True)


def _fields_of(to: State) -> dict[str, Any]:
    """The fields that a state sets, so that the row's constraints hold in the same UPDATE."""
    now = timezone.now()
    if to == State.RUNNING:
        return {"started_at": now, "cancel_requested_at": None}
    released = {"lease_token": None, "lease_expires_at": None}
    if to in TERMINAL:
        return {"finished_at": now, **released}
    reset = {"started_at": None, "finished_at": None, "stage": "", "progress": 0.0, "cancel_requested_at": None}
    return {"queued_at": now, **released, **reset, "failure_code": "", "failure_message": "", "failure_detail": ""}


def _record(job_id: UUID, kind: str, code: str = "") -> None:
    """Append the event of the change just made, and notify the open pages once it is committed."""
    job = Job.objects.only("seq", "state", "stage", "progress").get(pk=job_id)
    JobEvent.objects.create(
        job=job, seq=job.seq, kind=kind, state=job.state, stage=job.stage, progress=job.progress, code=code
    )
    if kind == "state":
        webhooks.enqueue(job_id)
    transaction.on_commit(lambda: notify.job_changed(job_id), robust=True)


def claim(job_id: UUID, worker: str) -> UUID | None:
    """Take a queued job: its new fencing token, or None when it is not queued any more."""
    token = uuid4()
    lease = {"lease_token": token, "lease_expires_at": lease_end(), "worker": worker, "holder": holder.this_process()}
    return token if advance(job_id, State.RUNNING, writer=Writer.WORKER, **lease) else None


def lease_end() -> Any:
    """When a lease that is renewed now will expire."""
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


def renew(job_id: UUID, token: UUID) -> bool:
    """Renew the lease; False when it was lost."""
    leased = Job.objects.filter(pk=job_id, state=State.RUNNING, lease_token=token)
    return bool(leased.update(lease_expires_at=lease_end()))


def fail(job_id: UUID, code: str, *, writer: Writer, token: UUID | None, message: str = "", detail: str = "") -> bool:
    """End a running job with a code from the closed list and the message for the user."""
    fields = {"failure_code": code, "failure_message": message or MESSAGES[code]}
    fields["failure_detail"] = detail[-MAX_DETAIL:]
    return advance(job_id, State.FAILED, writer=writer, token=token, **fields)


@transaction.atomic
def report_progress(job_id: UUID, token: UUID, stage: str, progress: float, *, new_stage: bool) -> bool:
    """Save the progress of the lease holder; a new stage is an event, a step within one only moves the bar."""
    leased = Job.objects.filter(pk=job_id, state=State.RUNNING, lease_token=token)
    if not leased.update(stage=stage, progress=progress, **changed()):
        return False
    if new_stage:
        _record(job_id, "stage")
    else:
        transaction.on_commit(lambda: notify.job_changed(job_id), robust=True)
    return True


@transaction.atomic
def request_cancel(job_id: UUID) -> bool:
    """Ask the lease holder of a running job to stop; it sees the request at its next heartbeat."""
    running = Job.objects.filter(pk=job_id, state=State.RUNNING, cancel_requested_at=None)
    if not running.update(cancel_requested_at=timezone.now(), **changed()):
        return False
    _record(job_id, "cancel")
    return True
