"""Estimates are based on recent jobs."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.core import estimates, machine_speed, services
from jobs.models import Job, State
from ml import files
from ml.engine_registry import engine_names
from ml.recipe import QUALITIES
from tests.conftest import in_state, with_files

pytestmark = pytest.mark.django_db


def finish_after(job: Job, seconds: float) -> Job:
    """The same job, finished after so many seconds of work."""
    with_files(job, files.SCENE)
    end = timezone.now()
    Job.objects.filter(pk=job.pk).update(started_at=end - timedelta(seconds=seconds), finished_at=end)
    return job


def test_an_estimate_is_the_median_of_similar_jobs(submit: Callable[..., Job]) -> None:
    for seconds in (4, 5, 60):
        finish_after(submit(), seconds)
    finish_after(submit(quality="high"), 100)
    finish_after(submit(engine="compact"), 200)
    assert estimates.learned_seconds("draft") == 5.0
    assert estimates.learned_seconds("high") == 100.0
    assert estimates.learned_seconds("standard") is None


def test_a_remix_is_estimated_from_remixes(submit: Callable[..., Job]) -> None:
    parent = finish_after(submit(), 30)
    assert estimates.learned_seconds("draft", remix=True) is None
    finish_after(services.remix(parent, parent.recipe_object()).job, 3)
    assert estimates.learned_seconds("draft", remix=True) == 3.0
    assert estimates.learned_seconds("draft") == 30.0


def test_the_queue_position_counts_earlier_jobs(submit: Callable[..., Job]) -> None:
    first, second = submit(), submit()
    assert [estimates.queue_position(job) for job in (first, second)] == [1, 2]
    assert estimates.queue_length() == 2
    assert estimates.queue_position(in_state(first, State.RUNNING)) is None
    assert estimates.queue_position(second) == 1


@pytest.mark.parametrize("engine", engine_names())
@pytest.mark.parametrize("quality", QUALITIES)
def test_there_is_an_estimate_before_the_first_job(engine: str, quality: str) -> None:
    first = estimates.estimate(quality, engine)
    assert (first.seconds > 0, first.learned) == (True, False)
    assert 0 < estimates.seconds_for(quality, engine, remix=True) < first.seconds


def test_the_speed_of_this_machine_scales_estimates() -> None:
    before = estimates.seconds_for("high")
    machine_speed.record(3.0)
    machine_speed.record(2.0)
    estimates.forget()
    assert estimates.seconds_for("high") == pytest.approx(2 * before, abs=0.1)


def test_times_of_jobs_replace_those_of_the_reference(submit: Callable[..., Job]) -> None:
    machine_speed.record(2.0)
    finish_after(submit(), 7)
    assert estimates.estimate("draft") == estimates.Estimate(7.0, learned=True)
    assert estimates.estimate("high").learned is False


def test_a_job_that_has_ended_still_has_an_estimate(job: Job) -> None:
    assert estimates.estimate_for(in_state(job, State.FAILED)) > 0


def test_an_estimate_is_measured_again_after_a_while(
    submit: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = estimates.seconds_for("draft")
    finish_after(submit(), 40)
    assert estimates.seconds_for("draft") == first
    later = time.monotonic() + estimates.CACHE_SECONDS
    monkeypatch.setattr("jobs.core.estimates.time.monotonic", lambda: later)
    assert estimates.seconds_for("draft") == 40.0
