"""Used storage and its limit."""

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from jobs.core import quota, services
from jobs.models import Job, State
from reconsite.core.errors import Rejected
from tests.conftest import in_state

pytestmark = pytest.mark.django_db


def photo_bytes(job: Job) -> int:
    return sum(photo.size for photo in job.photos.all())


@pytest.fixture
def finished(job: Job) -> Job:
    """A finished model of the owner with results of 1,000,000 bytes."""
    in_state(job, State.SUCCEEDED)
    Job.objects.filter(pk=job.pk).update(size=F("size") + 1_000_000)
    return job


def test_photos_and_results_are_counted_together(owner: User, finished: Job) -> None:
    assert quota.usage(owner).bytes == photo_bytes(finished) + 1_000_000
    assert quota.usage(owner).models == 1


def test_ten_thousand_models_are_summed_in_one_query_of_an_index(owner: User) -> None:
    fields = {"owner": owner, "state": State.SUCCEEDED, "finished_at": timezone.now(), "size": 7}
    Job.objects.bulk_create([Job(**fields) for _ in range(10_000)], batch_size=2000)
    with CaptureQueriesContext(connection) as queries:
        assert quota.usage(owner).bytes == 70_000
    assert len(queries) == 1
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + queries[0]["sql"])
            assert "COVERING INDEX job_owner_storage" in str(cursor.fetchall())


def test_other_peoples_models_do_not_count(stranger: User, finished: Job) -> None:
    assert quota.usage(stranger) == quota.Usage(models=0, bytes=0, limit_bytes=5000 * quota.MEGABYTE)


def test_deleting_a_model_frees_its_storage(owner: User, finished: Job) -> None:
    services.delete(finished.pk)
    assert quota.usage(owner).bytes == 0


def test_a_persons_own_limit_overrides_the_servers(owner: User, settings: Settings) -> None:
    settings.QUOTA_MB = 10
    owner.quota_mb = 3
    assert quota.limit_bytes(owner) == 3 * quota.MEGABYTE


@pytest.mark.parametrize("own", [None, 0])
def test_zero_means_no_limit(owner: User, finished: Job, settings: Settings, own: int | None) -> None:
    settings.QUOTA_MB = 0
    owner.quota_mb = own
    quota.check(owner, 10**15)
    assert quota.usage(owner).fraction == 0


def test_one_byte_over_the_limit_is_rejected(owner: User, finished: Job) -> None:
    owner.quota_mb = 2
    left = 2 * quota.MEGABYTE - quota.usage(owner).bytes
    quota.check(owner, left)
    with pytest.raises(Rejected) as rejected:
        quota.check(owner, left + 1)
    assert rejected.value.code == "quota_exceeded"
    assert "2.0\xa0MB" in rejected.value.message


def test_a_retry_counts_its_photos_only_once(owner: User, job: Job) -> None:
    in_state(job, State.FAILED)
    owner.quota_mb = 1
    owner.save()
    Job.objects.filter(pk=job.pk).update(size=quota.MEGABYTE)
    job.refresh_from_db()
    assert services.retry(job)
