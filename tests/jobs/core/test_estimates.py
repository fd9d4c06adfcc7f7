"""Estimates are based on recent jobs."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.core import estimates, services
from jobs.models import Job, State
from ml import files
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
    assert estimates.measured_seconds("draft") == 5.0
    assert estimates.measured_seconds("high") == 100.0
    assert estimates.measured_seconds("standard") is None


def test_a_remix_is_estimated_from_remixes(submit: Callable[..., Job]) -> None:
    parent = finish_after(submit(), 30)
    assert estimates.measured_seconds("draft", remix=True) is None
    finish_after(services.remix(parent, parent.recipe_object()).job, 3)
    assert estimates.measured_seconds("draft", remix=True) == 3.0
    assert estimates.measured_seconds("draft") == 30.0


def test_the_queue_position_counts_earlier_jobs(submit: Callable[..., Job]) -> None:
    first, second = submit(), submit()
    assert [estimates.queue_position(job) for job in (first, second)] == [1, 2]
    assert estimates.queue_length() == 2
    assert estimates.queue_position(in_state(first, State.RUNNING)) is None
    assert estimates.queue_position(second) == 1


def test_an_estimate_is_measured_again_after_a_while(
    submit: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert estimates.seconds_for("draft") is None
    finish_after(submit(), 4)
    assert estimates.seconds_for("draft") is None
    later = time.monotonic() + estimates.CACHE_SECONDS
    monkeypatch.setattr("jobs.core.estimates.time.monotonic", lambda: later)
    assert estimates.seconds_for("draft") == 4.0
