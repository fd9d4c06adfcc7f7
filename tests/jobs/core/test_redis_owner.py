"""Two sites on one Redis database do not take each other's jobs."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import django_rq
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from jobs.core import redis_owner
from tests.live import environment

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
    assert redis_owner.problem(keep=True) == redis_owner.MESSAGE


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


@pytest.mark.django_db(transaction=True)
def test_the_reconciler_does_not_start_on_another_sites_redis() -> None:
    call_command("reconcile", once=True)
    redis_owner.claim()
    become_another_site()
    with pytest.raises(CommandError, match="another database number"):
        call_command("reconcile", once=True)


@pytest.mark.django_db(transaction=True)
def test_the_web_process_does_not_start_on_another_sites_redis() -> None:
    redis_owner.claim()
    start = [sys.executable, "-c", "import reconsite.asgi"]
    assert subprocess.run(start, check=False, env=environment(8000)).returncode == 0
    become_another_site()
    refused = subprocess.run(start, check=False, env=environment(8000), capture_output=True, text=True)
    assert refused.returncode == 1
    assert "another database number" in refused.stderr
