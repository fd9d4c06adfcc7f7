"""How much room a person has."""

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
def made(job: Job) -> Job:
    """A finished model of the owner with results of 1,000,000 bytes."""
    in_state(job, State.SUCCEEDED)
    Job.objects.filter(pk=job.pk).update(size=F("size") + 1_000_000)
    return job


def test_photos_and_results_count_together(owner: User, made: Job) -> None:
    assert quota.usage(owner).bytes == photo_bytes(made) + 1_000_000
    assert quota.usage(owner).models == 1


def test_ten_thousand_models_are_summed_in_one_query_within_an_index(owner: User) -> None:
    facts = {"owner": owner, "state": State.SUCCEEDED, "finished_at": timezone.now(), "size": 7}
    Job.objects.bulk_create([Job(**facts) for _ in range(10_000)], batch_size=2000)
    with CaptureQueriesContext(connection) as queries:
        assert quota.usage(owner).bytes == 70_000
    assert len(queries) == 1
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + queries[0]["sql"])
            assert "COVERING INDEX job_owner_storage" in str(cursor.fetchall())


def test_a_strangers_models_do_not_count(stranger: User, made: Job) -> None:
    assert quota.usage(stranger) == quota.Usage(models=0, bytes=0, limit_bytes=5000 * quota.MEGABYTE)


def test_a_deleted_model_gives_its_room_back(owner: User, made: Job) -> None:
    services.delete(made.pk)
    assert quota.usage(owner).bytes == 0


def test_a_persons_own_limit_goes_before_the_servers(owner: User, settings: Settings) -> None:
    settings.QUOTA_MB = 10
    owner.quota_mb = 3
    assert quota.limit_bytes(owner) == 3 * quota.MEGABYTE


@pytest.mark.parametrize("own", [None, 0])
def test_zero_is_no_limit(owner: User, made: Job, settings: Settings, own: int | None) -> None:
    settings.QUOTA_MB = 0
    owner.quota_mb = own
    quota.check(owner, 10**15)
    assert quota.usage(owner).fraction == 0


def test_up_to_the_limit_is_fine_and_one_byte_more_is_refused(owner: User, made: Job) -> None:
    owner.quota_mb = 2
    room = 2 * quota.MEGABYTE - quota.usage(owner).bytes
    quota.check(owner, room)
    with pytest.raises(Rejected) as refused:
        quota.check(owner, room + 1)
    assert refused.value.code == "quota_exceeded"
    assert "2.0\xa0MB" in refused.value.message


def test_a_retry_counts_its_own_photos_once(owner: User, job: Job) -> None:
    in_state(job, State.FAILED)
    owner.quota_mb = 1
    owner.save()
    Job.objects.filter(pk=job.pk).update(size=quota.MEGABYTE)
    job.refresh_from_db()
    assert services.retry(job)
