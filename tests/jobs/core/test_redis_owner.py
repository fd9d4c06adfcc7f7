"""Two sites on one Redis database do not take each other's jobs."""

from collections.abc import Iterator
from typing import Any

import django_rq
import pytest
from django.conf import settings
from django.core.management import CommandError
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from jobs.core import redis_owner
from jobs.management.commands.worker import refuse_foreign_redis

pytestmark = [pytest.mark.django_db, pytest.mark.worker]


@pytest.fixture(autouse=True)
def unclaimed() -> Iterator[None]:
    """The Redis database belongs to nobody, before and after."""
    redis = django_rq.get_connection(settings.JOB_QUEUE)
    redis.delete(redis_owner.KEY)
    yield
    redis.delete(redis_owner.KEY)


def become_another_site() -> None:
    MigrationRecorder.Migration.objects.update(applied=timezone.now())


def test_every_worker_of_a_site_may_have_it() -> None:
    assert redis_owner.claim()
    assert redis_owner.claim()


def test_another_site_is_refused_while_the_first_one_runs() -> None:
    redis_owner.claim()
    assert not redis_owner.is_anothers()
    become_another_site()
    assert redis_owner.is_anothers()
    assert not redis_owner.claim()
    with pytest.raises(CommandError, match="another database number"):
        refuse_foreign_redis()


def test_another_site_may_have_it_once_the_first_one_is_gone() -> None:
    redis_owner.claim()
    django_rq.get_connection(settings.JOB_QUEUE).delete(redis_owner.KEY)  # its time is up
    become_another_site()
    assert redis_owner.claim()


def test_a_claim_ends_by_itself_unless_it_is_renewed() -> None:
    redis: Any = django_rq.get_connection(settings.JOB_QUEUE)
    redis_owner.claim()
    redis.expire(redis_owner.KEY, 5)
    redis_owner.claim()
    assert 5 < redis.ttl(redis_owner.KEY) <= settings.WORKER_SEEN_SECONDS
