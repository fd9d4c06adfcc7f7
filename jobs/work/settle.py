"""Ends the row of a run that was stopped: for the runner, and for a lease whose run does not stop by itself."""

from __future__ import annotations

from uuid import UUID

from jobs.core import transitions
from jobs.core.transitions import Writer
from jobs.models import State

CANCELLED, TIMEOUT, LOST = "cancelled", "timeout", "lost"
"""Reasons for which a run has to stop."""


def settle(job_id: UUID, token: UUID, reason: str) -> None:
    """Move the job of the lease `token` to the state that fits the reason of the stop."""
    if reason == CANCELLED:
        transitions.advance(job_id, State.CANCELLED, writer=Writer.WORKER, token=token)
    elif reason == TIMEOUT:
        transitions.fail(job_id, "timeout", writer=Writer.WORKER, token=token)
    elif reason == LOST:
        transitions.fail(job_id, "worker_lost", writer=Writer.WORKER, token=token)
