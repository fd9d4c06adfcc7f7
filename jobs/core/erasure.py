"""Deleting everything of a person, and everything of a job: completed by the reconciler when a process dies halfway."""

from __future__ import annotations

import shutil
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from jobs.core import cutouts, services, storage, uploads
from jobs.models import Erasure, Job

WATCH_SECONDS = 600
"""How long the files of a deleted job are looked for: a work horse that lost its job may still write some."""


def mark(user: User) -> None:
    """The account cannot be used any more, and `finish` will be called until it succeeds."""
    User.objects.filter(pk=user.pk).update(is_active=False, deleted_at=timezone.now())


def finish(user: User) -> None:
    """Delete the jobs, the rows and the files of a marked account. Calling it again continues after a failure."""
    jobs = list(Job.objects.filter(owner=user).values_list("pk", flat=True))
    for job_id in jobs:
        services.delete(job_id)
    cutouts.delete_all_of(user)
    uploads.delete_all_of(user)
    _delete_rows(user)
    for job_id in jobs:
        _delete_files(job_id)


@transaction.atomic
def _delete_rows(user: User) -> None:
    """The lock keeps a worker from adding files to a job whose row is being deleted."""
    jobs = list(Job.objects.select_for_update().filter(owner=user).values_list("pk", flat=True))
    Erasure.objects.bulk_create([Erasure(job_id=job_id) for job_id in jobs], ignore_conflicts=True)
    User.objects.filter(pk=user.pk).delete()


def finish_all() -> int:
    """For the reconciler: accounts whose deletion was interrupted, and files of deleted jobs that turned up since."""
    users = list(User.objects.exclude(deleted_at=None))
    for user in users:
        finish(user)
    for erasure in Erasure.objects.all():
        _delete_files(erasure.job_id)
    Erasure.objects.filter(at__lt=timezone.now() - timedelta(seconds=WATCH_SECONDS)).delete()
    return len(users)


def _delete_files(job_id: UUID) -> None:
    """In the storage, and in the working folders on this machine."""
    storage.delete_tree(storage.job_folder(job_id))
    for folder in (settings.VAR_DIR / "work").glob(f"{job_id}-*"):
        shutil.rmtree(folder, ignore_errors=True)
