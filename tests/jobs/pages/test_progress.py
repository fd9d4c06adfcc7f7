"""What the page of an active, failed or cancelled job shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jobs.core import transitions
from jobs.core.transitions import Writer
from jobs.models import Job, State
from jobs.pages.progress import progress_context
from ml.stages import REMIX_STAGES, STAGES
from tests.conftest import in_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def remix(job: Job, submit: Callable[..., Job]) -> Job:
    child = submit(title="Child")
    Job.objects.filter(pk=child.pk).update(parent=job)
    child.refresh_from_db()
    return child


def fail(job: Job, code: str) -> None:
    token = transitions.claim(job.pk, worker="w")
    transitions.fail(job.pk, code, writer=Writer.WORKER, token=token)
    job.refresh_from_db()


def test_a_job_runs_through_every_stage(job: Job) -> None:
    context = progress_context(job)
    assert (context["stages"], context["stage_data"]["skipped"]) == (STAGES, 0.0)


def test_a_remix_skips_the_stages_of_its_parent(remix: Job) -> None:
    context = progress_context(remix)
    assert context["stages"] == REMIX_STAGES
    assert 0.0 < context["stage_data"]["skipped"] < 1.0


def test_start_times_are_those_of_the_current_attempt(job: Job) -> None:
    token = transitions.claim(job.pk, worker="w")
    assert token is not None
    transitions.report_progress(job.pk, token, "cutout", 0.1, new_stage=True)
    job.refresh_from_db()
    assert list(progress_context(job)["stage_data"]["starts"]) == ["cutout"]
    transitions.fail(job.pk, "internal", writer=Writer.WORKER, token=token)
    transitions.advance(job.pk, State.QUEUED, writer=Writer.WEB, attempt=2)
    transitions.claim(job.pk, worker="w")
    job.refresh_from_db()
    assert progress_context(job)["stage_data"]["starts"] == {}


def test_a_queued_job_has_no_start_times(job: Job) -> None:
    assert progress_context(job)["stage_data"]["starts"] == {}


@pytest.mark.parametrize(("code", "retry_first"), [("worker_lost", True), ("no_subject", False)])
def test_a_retry_is_suggested_first_if_it_may_help(job: Job, code: str, retry_first: bool) -> None:
    fail(job, code)
    context = progress_context(job)
    assert (context["can_retry"], context["retry_first"]) == (True, retry_first)


def test_a_cancelled_job_suggests_a_retry_first(job: Job) -> None:
    assert progress_context(in_state(job, State.CANCELLED))["retry_first"] is True


def test_only_a_job_with_photos_can_be_made_again(job: Job, remix: Job) -> None:
    assert progress_context(job)["again_url"] == f"/new/?again={job.pk}"
    assert progress_context(remix)["again_url"] == ""
