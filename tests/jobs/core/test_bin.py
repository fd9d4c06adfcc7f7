"""Deleted jobs stay in their owner's bin for a while, and are nobody else's business there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.data.deletion import delete_account
from accounts.models import User
from jobs.core import access, moderation, quota, services, sharing, tagging
from jobs.models import Job, State
from jobs.work import reconciler
from ml import files
from reconsite.core.errors import Rejected
from tests.conftest import in_state, stored_files, with_files
from tests.jobs.models import finish

pytestmark = pytest.mark.django_db


@pytest.fixture
def discarded(job: Job) -> Job:
    """A finished job, shared and published, that its owner has deleted."""
    finish(job)
    sharing.share(job)
    sharing.publish(job)
    services.discard(job.pk)
    job.refresh_from_db()
    return job


def age(job: Job, days: float) -> None:
    """Deleted so many days ago."""
    assert job.purge_at is not None
    Job.objects.filter(pk=job.pk).update(purge_at=job.purge_at - timedelta(days=days))


def test_only_its_owner_sees_it_and_only_in_the_bin(discarded: Job, owner: User, stranger: User, staff: User) -> None:
    link = discarded.share_links.get()
    assert access.bin_of(owner).get() == discarded
    assert not access.bin_of(stranger).exists()
    assert [access.job_for_read(user, discarded.pk) for user in (owner, stranger, staff)] == [None, None, None]
    assert (access.job_by_share(link.token), access.job_for_public(discarded.pk)) == (None, None)


def test_restoring_brings_back_links_and_publication(discarded: Job, owner: User) -> None:
    link = discarded.share_links.get()
    assert services.restore(discarded.pk)
    assert access.job_for_write(owner, discarded.pk) == discarded
    assert access.job_by_share(link.token) == access.job_for_public(discarded.pk) == discarded
    assert not services.restore(discarded.pk)


def test_an_active_job_is_cancelled_and_restored_as_cancelled(job: Job, owner: User) -> None:
    services.discard(job.pk)
    assert services.restore(job.pk)
    job.refresh_from_db()
    assert (job.state, job.deleted_at, job.purge_at) == (State.CANCELLED, None, None)


def test_the_reconciler_empties_it_after_seven_days(discarded: Job) -> None:
    age(discarded, 6.9)
    assert reconciler.purge_deleted() == 0
    assert stored_files()
    age(discarded, 7.1)
    assert not services.restore(discarded.pk)
    assert reconciler.purge_deleted() == 1
    assert not Job.objects.exists()
    assert stored_files() == []


def test_it_can_be_deleted_for_good_at_once(discarded: Job) -> None:
    services.delete(discarded.pk)
    assert not Job.objects.exists()
    assert stored_files() == []


def test_a_running_job_goes_once_it_has_stopped(job: Job, owner: User) -> None:
    in_state(job, State.RUNNING)
    services.discard(job.pk)
    services.delete(job.pk)
    assert (reconciler.purge_deleted(), access.bin_of(owner).count()) == (0, 0)
    assert not services.restore(job.pk)


def test_what_a_moderator_hid_cannot_be_restored(discarded: Job, owner: User, staff: User) -> None:
    moderation.hide(staff, discarded, "Reported")
    assert not access.bin_of(owner).exists()
    assert not services.restore(discarded.pk)
    age(discarded, 8)
    assert reconciler.purge_deleted() == 1


def test_deleting_the_account_empties_it(discarded: Job, owner: User) -> None:
    delete_account(owner)
    assert not Job.objects.exists()
    assert stored_files() == []


def test_it_counts_as_storage_and_the_message_says_so(
    submit: Callable[..., Job], owner: User, settings: Settings
) -> None:
    first = with_files(submit(), files.POSTER)
    services.discard(first.pk)
    usage = quota.usage(owner)
    assert usage.bin_models == 1
    assert usage.bin_bytes == usage.bytes > 0
    settings.QUOTA_MB = 1
    with pytest.raises(Rejected, match="Empty your bin"):
        quota.check(owner, 2 * quota.MEGABYTE)


def test_tags_of_a_deleted_job_are_not_offered_until_it_is_restored(job: Job, owner: User) -> None:
    tagging.set_tags(job, ["toys"])
    services.discard(job.pk)
    assert not tagging.tags_of(owner).exists()
    services.restore(job.pk)
    assert tagging.tags_of(owner).get().name == "toys"


def test_a_request_is_not_answered_with_a_deleted_job(submit: Callable[..., Job]) -> None:
    services.discard(submit(key="k").pk)
    with pytest.raises(Rejected, match=r"\w"):
        submit(key="k")


def test_the_time_in_the_bin_begins_with_the_first_deletion(discarded: Job) -> None:
    services.discard(discarded.pk)
    again = Job.objects.get()
    assert (again.deleted_at, again.purge_at) == (discarded.deleted_at, discarded.purge_at)
    assert again.purge_at is not None and again.purge_at > timezone.now() + timedelta(days=6.9)
