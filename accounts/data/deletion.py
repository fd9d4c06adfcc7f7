"""Deleting an account with its jobs, files, tokens and rows. The audit log of moderators is kept."""

from __future__ import annotations

from accounts.core import sessions, tokens
from accounts.models import User
from jobs.core import erasure


def delete_account(user: User) -> None:
    """Delete everything of `user`. If this process dies halfway, the reconciler completes it.

    Tokens and sessions go first, so that nothing new can start; then each job is deleted as its owner would do it,
    which hides published and shared ones at once. A job that a worker still runs loses its row at the end, and with
    it the lease; the reconciler removes files that the worker may leave behind.
    """
    erasure.mark(user)
    tokens.revoke_all_of(user)
    sessions.sign_out_all(user)
    erasure.finish(user)
