"""The only doors to a job, for pages, API, sockets and downloads alike. A stranger gets None, shown as 404."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from accounts.models import User
from jobs.models import Job, JobQuerySet


def jobs_of(user: AbstractBaseUser | AnonymousUser) -> JobQuerySet:
    """The jobs that `user` sees in lists: their own, neither deleted nor hidden."""
    if not isinstance(user, User) or not user.is_active:
        return Job.objects.none()
    return Job.objects.visible().filter(owner=user)


def job_for_read(user: AbstractBaseUser | AnonymousUser, job_id: UUID) -> Job | None:
    """The job if `user` may look at it: the owner, or staff who may view jobs (also hidden ones)."""
    if isinstance(user, User) and user.is_staff and user.has_perm("jobs.view_job"):
        return Job.objects.filter(pk=job_id, deleted_at=None).first()
    return jobs_of(user).filter(pk=job_id).first()


def job_for_write(user: AbstractBaseUser | AnonymousUser, job_id: UUID) -> Job | None:
    """The job if `user` may act on it: the owner alone. Staff act through the admin's actions."""
    return jobs_of(user).filter(pk=job_id).first()
