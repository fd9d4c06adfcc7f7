"""What Prometheus reads."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from jobs.core import routing, worker_heartbeat
from jobs.core.metrics import quantile_values
from jobs.models import Job, State
from tests.conftest import in_state

pytestmark = pytest.mark.django_db


def read(client: Client, token: str = "let-me-in") -> dict[str, float]:
    """Each sample by its name and labels, as `name{label="value"}`."""
    response = client.get("/metrics", headers={"authorization": f"Bearer {token}"})
    assert response.status_code == 200
    samples: dict[str, float] = {}
    for family in text_string_to_metric_families(response.content.decode()):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            samples[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return samples


@pytest.fixture(autouse=True)
def token(settings: Settings) -> None:
    settings.METRICS_TOKEN = "let-me-in"


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", "let-me-in", "Bearer lét-me-in"])
def test_without_the_token_there_is_no_such_page(client: Client, header: str) -> None:
    assert client.get("/metrics", headers={"authorization": header}).status_code == 404


def test_without_the_setting_no_token_is_right(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


def test_jobs_are_counted_and_the_oldest_waiting_one_is_timed(
    client: Client, job: Job, submit: Callable[..., Job]
) -> None:
    in_state(submit(), State.FAILED)
    Job.objects.filter(pk=job.pk).update(queued_at=timezone.now() - timedelta(minutes=5))
    samples = read(client)
    assert samples['reconsite_jobs{state="queued"}'] == samples['reconsite_jobs{state="failed"}'] == 1
    assert samples['reconsite_jobs{state="running"}'] == 0
    assert samples['reconsite_ended_last_hour{code="no_subject",state="failed"}'] == 1
    assert samples["reconsite_stored_bytes"] > 0


def test_each_queue_has_its_length_and_the_age_of_its_oldest_job(
    client: Client, job: Job, submit: Callable[..., Job]
) -> None:
    for waiting, queue, minutes in ((job, "gpu", 5), (submit(), "gpu", 1), (submit(), "cpu", 2)):
        queued_at = timezone.now() - timedelta(minutes=minutes)
        Job.objects.filter(pk=waiting.pk).update(queue=queue, queued_at=queued_at)
    samples = read(client)
    lengths = {queue: samples[f'reconsite_queue_jobs{{queue="{queue}"}}'] for queue in routing.QUEUES}
    ages = {queue: samples[f'reconsite_queue_age_seconds{{queue="{queue}"}}'] for queue in routing.QUEUES}
    assert lengths == {"gpu": 2, "cpu": 1, "remix": 0}
    assert 300 <= ages["gpu"] < 400
    assert 120 <= ages["cpu"] < 220
    assert ages["remix"] == 0


def test_stage_times_are_those_of_the_last_hour(client: Client, submit: Callable[..., Job]) -> None:
    for seconds, age in ((2.0, 1), (4.0, 2), (90.0, 70)):
        done = in_state(submit(), State.SUCCEEDED)
        finished_at = timezone.now() - timedelta(minutes=age)
        Job.objects.filter(pk=done.pk).update(stage_seconds={"scene": seconds}, finished_at=finished_at)
    samples = read(client)
    assert samples['reconsite_stage_seconds{quantile="0.5",stage="scene"}'] == pytest.approx(3.0)
    assert 'reconsite_stage_seconds{quantile="0.5",stage="mesh"}' not in samples


def test_workers_are_listed_with_their_memory(client: Client) -> None:
    worker_heartbeat.record("one", 700_000_000)
    samples = read(client)
    assert samples["reconsite_workers_online"] == 1
    assert samples['reconsite_worker_memory_bytes{worker="one"}'] == 700_000_000
    assert samples['reconsite_worker_seen_seconds{worker="one"}'] < 60


def test_without_a_database_the_page_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable() -> None:
        raise DatabaseError

    monkeypatch.setattr("jobs.core.metrics.health.gather", unavailable)
    samples = read(client)
    assert samples["reconsite_database_up"] == 0
    assert not any(name.startswith("reconsite_queue_age_seconds") for name in samples)


def test_quantiles_of_few_values() -> None:
    assert quantile_values([]) == {}
    assert quantile_values([3.0]) == {0.5: 3.0, 0.95: 3.0}
    assert quantile_values([float(number) for number in range(101)]) == {0.5: 50.0, 0.95: 95.0}
