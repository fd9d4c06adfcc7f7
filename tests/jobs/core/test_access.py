"""Access of owner, strangers, staff and anonymous users."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from jobs.core import access
from jobs.models import Job

pytestmark = pytest.mark.django_db


def test_the_owner_may_read_and_write(job: Job, owner: User) -> None:
    assert access.job_for_read(owner, job.pk) == job
    assert access.job_for_write(owner, job.pk) == job


def test_a_stranger_has_no_access(job: Job, stranger: User) -> None:
    assert access.job_for_read(stranger, job.pk) is None
    assert access.job_for_write(stranger, job.pk) is None


def test_an_anonymous_user_has_no_access(job: Job) -> None:
    assert access.job_for_read(AnonymousUser(), job.pk) is None
    assert access.job_for_write(AnonymousUser(), job.pk) is None


def test_staff_may_read_but_not_write(job: Job, staff: User) -> None:
    assert access.job_for_read(staff, job.pk) == job
    assert access.job_for_write(staff, job.pk) is None


def test_staff_without_the_permission_has_no_access(job: Job, staff: User) -> None:
    staff.user_permissions.clear()
    assert access.job_for_read(User.objects.get(pk=staff.pk), job.pk) is None


def test_a_banned_owner_has_no_access(job: Job, owner: User) -> None:
    owner.is_active = False
    assert access.job_for_read(owner, job.pk) is None


def test_only_staff_may_see_a_hidden_job(job: Job, owner: User, staff: User) -> None:
    Job.objects.update(hidden_at=datetime.now(UTC))
    assert access.job_for_read(owner, job.pk) is None
    assert access.job_for_read(staff, job.pk) == job


def test_nobody_may_see_a_deleted_job(job: Job, owner: User, staff: User) -> None:
    Job.objects.update(deleted_at=datetime.now(UTC))
    assert access.job_for_read(owner, job.pk) is None
    assert access.job_for_read(staff, job.pk) is None


def test_a_wrong_id_finds_nothing(owner: User) -> None:
    assert access.job_for_read(owner, uuid4()) is None
