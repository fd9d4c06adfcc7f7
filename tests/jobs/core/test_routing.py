"""A job waits where the workers that can run it listen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import django_rq
import pytest
from pytest_django import Settings

from jobs.core import estimates, queue, routing, worker_heartbeat
from jobs.models import Job, State
from jobs.work import reconciler
from jobs.work.worker import make_worker
from tests.conftest import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def empty_queues() -> None:
    for name in routing.QUEUES:
        django_rq.get_queue(name).empty()  # type: ignore[no-untyped-call]


def entries(name: str) -> list[str]:
    return list(django_rq.get_queue(name).get_job_ids())


@pytest.mark.parametrize(
    ("recipe", "remix", "expected"),
    [
        ({"engine": "compact"}, False, "cpu"),
        ({"engine": "triposr"}, False, "gpu"),
        ({"engine": "triposr"}, True, "remix"),
        ({"engine": "of a later version"}, False, "cpu"),
    ],
)
def test_the_engine_decides_the_queue(recipe: dict[str, Any], remix: bool, expected: str) -> None:
    assert routing.queue_of(recipe, remix=remix) == expected


def test_auto_goes_to_the_best_engine_that_is_online(settings: Settings, tmp_path: Path) -> None:
    settings.MODELS_DIR = tmp_path
    assert routing.queue_of({}, remix=False) == "cpu"
    worker_heartbeat.record("gpu-1", engines=["triposr", "compact"])
    assert routing.queue_of({}, remix=False) == "gpu"


@pytest.mark.parametrize(
    ("engines", "queues"),
    [
        (["compact"], ["remix", "cpu"]),
        (["triposr"], ["remix", "gpu"]),
        (["triposr", "compact"], ["remix", "cpu", "gpu"]),
    ],
)
def test_a_worker_listens_for_what_it_can_run(settings: Settings, engines: list[str], queues: list[str]) -> None:
    settings.WORKER_ENGINES = engines
    worker = make_worker()
    assert worker.queue_names() == queues
    worker.heartbeat()
    assert routing.online_engines() == set(engines)


def test_a_submitted_job_waits_in_its_queue(submit: Callable[..., Job]) -> None:
    estimates.forget()
    job = submit(engine="triposr")
    assert (job.queue, job.expected_seconds) == ("gpu", estimates.seconds_for("draft", "triposr"))
    assert (entries("gpu"), entries("cpu")) == ([queue.entry_id(job.pk, 1)], [])


def test_a_job_without_workers_for_it_moves_to_those_that_are_there(
    submit: Callable[..., Job], settings: Settings
) -> None:
    settings.RING_AGAIN_SECONDS = 0
    worker_heartbeat.record("gpu-1", engines=["triposr"])
    job, fixed = submit(), submit(engine="triposr")
    assert job.queue == "gpu"
    worker_heartbeat.remove("gpu-1")
    worker_heartbeat.record("cpu-1", engines=["compact"])
    assert reconciler.requeue_lost() == 1
    job.refresh_from_db()
    fixed.refresh_from_db()
    assert (job.queue, fixed.queue) == ("cpu", "gpu")
    assert entries("cpu") == [queue.entry_id(job.pk, 1)]


def test_a_worker_takes_the_job_whose_turn_it_is_and_leaves_the_others(
    submit: Callable[..., Job], settings: Settings
) -> None:
    settings.WORKER_ENGINES, settings.MAX_ACTIVE_JOBS = ["compact"], 10
    first = submit(engine="compact")
    Job.objects.filter(pk=first.pk).update(expected_seconds=500)
    short = submit(make_user("another"), engine="compact")
    Job.objects.filter(pk=short.pk).update(expected_seconds=1, queued_at=first.queued_at)
    worker = make_worker()
    taken = [worker.dequeue_job_and_maintain_ttl(None) for _ in range(3)]
    assert [entry and entry[0].args[0] for entry in taken] == [str(short.pk), str(first.pk), None]


def test_an_entry_that_is_lost_while_it_is_taken_is_queued_again(
    submit: Callable[..., Job], settings: Settings
) -> None:
    settings.WORKER_ENGINES, settings.RING_AGAIN_SECONDS = ["compact"], 0
    job = submit(engine="compact")
    make_worker().dequeue_job_and_maintain_ttl(None)  # and the worker dies here
    assert entries("cpu") == []
    assert reconciler.requeue_lost() == 1
    assert entries("cpu") == [queue.entry_id(job.pk, 1)]


def test_a_worker_that_knows_nothing_of_the_others_takes_the_first(
    submit: Callable[..., Job], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    settings.WORKER_ENGINES = ["compact"]
    job = submit(engine="compact")

    def unavailable(*args: object) -> None:
        raise OperationalError

    monkeypatch.setattr("jobs.work.worker.fairness.better_than", unavailable)
    found = make_worker().dequeue_job_and_maintain_ttl(None)
    assert found is not None
    assert found[0].args[0] == str(job.pk)
    assert job.state == State.QUEUED
