"""Ends the row of a run that was stopped: for the runner, and for a lease whose run does not stop by itself."""

from __future__ import annotations

from uuid import UUID

from jobs.core import recovery, transitions
from jobs.core.transitions import Writer
from jobs.models import State

CANCELLED, TIMEOUT, LOST, ORPHANED, UNREACHABLE = "cancelled", "timeout", "lost", "orphaned", "unreachable"
"""Reasons for which a run has to stop. LOST: the job belongs to another run. ORPHANED: the worker died.
UNREACHABLE: the lease could not be renewed."""


def settle(job_id: UUID, token: UUID, reason: str) -> None:
    """Move the job of the lease `token` to the state that fits the reason of the stop."""
    if reason == CANCELLED:
        transitions.advance(job_id, State.CANCELLED, writer=Writer.WORKER, token=token)
    elif reason == TIMEOUT:
        transitions.fail(job_id, "timeout", writer=Writer.WORKER, token=token)
    elif reason == ORPHANED:
        recovery.lose(job_id, token, writer=Writer.WORKER, detail="The worker's process ended.")
    elif reason == UNREACHABLE:
        recovery.give_back(job_id, token, writer=Writer.WORKER)
