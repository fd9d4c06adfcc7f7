"""The end of an account: jobs, files, tokens and rows go. What moderators did stays on record."""

from __future__ import annotations

from django.db import transaction

from accounts.core import sessions
from accounts.models import ApiToken, User
from jobs.core import services, storage
from jobs.models import Job


def delete_account(user: User) -> None:
    """Everything of `user` is gone afterwards; called again after a failure in between, it goes on.

    Nothing new may begin first (tokens and sessions go), then each job goes the way of every deleted job, which
    takes published and shared ones out of sight at once. What a worker still holds loses its row at the end, and
    with it the right to write; the reconciler sweeps what it may leave.
    """
    ApiToken.objects.filter(user=user).delete()
    sessions.end_all(user)
    jobs = list(Job.objects.filter(owner=user).values_list("pk", flat=True))
    for job_id in jobs:
        services.delete(job_id)
    _delete_rows(user)
    for job_id in jobs:
        storage.delete_tree(storage.job_folder(job_id))


@transaction.atomic
def _delete_rows(user: User) -> None:
    """The lock keeps a worker from adding to a job whose row is just going."""
    list(Job.objects.select_for_update().filter(owner=user).values_list("pk", flat=True))
    user.delete()
