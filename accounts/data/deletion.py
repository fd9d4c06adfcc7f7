"""Deleting an account with its jobs, files, tokens and rows. The audit log of moderators is kept."""

from __future__ import annotations

from django.db import transaction

from accounts.core import sessions, tokens
from accounts.models import User
from jobs.core import services, storage
from jobs.models import Job


def delete_account(user: User) -> None:
    """Delete everything of `user`. After a failure in between, calling it again continues.

    Tokens and sessions go first, so that nothing new can start; then each job is deleted as its owner would do it,
    which hides published and shared ones at once. A job that a worker still runs loses its row at the end, and with
    it the lease; the reconciler removes files that the worker may leave behind.
    """
    tokens.revoke_all_of(user)
    sessions.sign_out_all(user)
    jobs = list(Job.objects.filter(owner=user).values_list("pk", flat=True))
    for job_id in jobs:
        services.delete(job_id)
    _delete_rows(user)
    for job_id in jobs:
        storage.delete_tree(storage.job_folder(job_id))


@transaction.atomic
def _delete_rows(user: User) -> None:
    """The lock keeps a worker from adding files to a job whose row is being deleted."""
    list(Job.objects.select_for_update().filter(owner=user).values_list("pk", flat=True))
    user.delete()
