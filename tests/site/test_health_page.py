"""Queue and workers as staff see them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from redis.exceptions import RedisError

from accounts.models import User
from jobs.core import worker_heartbeat
from jobs.core.health import gather
from jobs.models import Job, State, WorkerHeartbeat
from tests.conftest import in_state, signed_in

pytestmark = pytest.mark.django_db


def test_jobs_are_counted_by_state(job: Job, submit: Callable[..., Job]) -> None:
    in_state(submit(), State.SUCCEEDED)
    assert gather().states == {"queued": 1, "running": 0, "succeeded": 1, "failed": 0, "cancelled": 0}


def test_the_oldest_waiting_job_is_named(job: Job, submit: Callable[..., Job]) -> None:
    submit()
    assert gather().oldest_waiting == job.queued_at


def test_a_worker_without_a_recent_heartbeat_is_offline() -> None:
    worker_heartbeat.record("fresh")
    WorkerHeartbeat.objects.create(name="lost", seen_at=timezone.now() - timedelta(minutes=5))
    assert [(worker.name, worker.is_online) for worker in gather().workers] == [("fresh", True), ("lost", False)]


def test_failures_of_the_last_day_are_counted_by_code(job: Job, submit: Callable[..., Job]) -> None:
    in_state(job, State.FAILED)
    old = in_state(submit(), State.FAILED)
    old.events.update(at=timezone.now() - timedelta(days=2))
    assert gather().failures == [("no_subject", 1)]


def test_an_unavailable_redis_is_reported(monkeypatch: pytest.MonkeyPatch, staff: User) -> None:
    def unavailable(*args: object, **more: object) -> None:
        raise RedisError

    monkeypatch.setattr("jobs.core.health.django_rq.get_connection", unavailable)
    monkeypatch.setattr("jobs.core.queue.django_rq.get_queue", unavailable)
    html = signed_in(staff).get("/admin/jobs/job/health/").content.decode()
    assert "not responding" in html
    assert "unknown" in html


def test_low_disk_space_is_reported(settings: Settings) -> None:
    assert not gather().disk_is_low
    settings.MIN_FREE_BYTES = 10**18
    assert gather().disk_is_low


def test_the_page_says_that_no_worker_is_running(staff: User, job: Job) -> None:
    html = signed_in(staff).get("/admin/jobs/job/health/").content.decode()
    assert "No worker is running" in html
