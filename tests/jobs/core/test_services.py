"""Cancel, retry, delete, rename: what each does to the row, the files and the queue."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from jobs.core import access, queue, services
from jobs.models import Job, State
from reconsite.core.errors import Rejected
from tests.conftest import in_state, stored_files

pytestmark = pytest.mark.django_db


def test_a_queued_job_is_cancelled_at_once(job: Job) -> None:
    assert services.cancel(job.pk)
    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_cancelling_a_running_job_requests_it_to_stop(job: Job) -> None:
    in_state(job, State.RUNNING)
    assert services.cancel(job.pk)
    job.refresh_from_db()
    assert job.state == State.RUNNING
    assert job.cancel_requested_at is not None


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELLED])
def test_an_ended_job_cannot_be_cancelled(job: Job, state: State) -> None:
    in_state(job, state)
    assert not services.cancel(job.pk)
    job.refresh_from_db()
    assert job.state == state


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_a_retry_is_queued_as_the_next_attempt(
    job: Job, state: State, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    in_state(job, state)
    with django_capture_on_commit_callbacks(execute=True):
        assert services.retry(job)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.failure_code, job.progress) == (State.QUEUED, 2, "", 0.0)
    assert queue.entry_id(job.pk, 2) in (queue.queued_entry_ids() or set())


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.SUCCEEDED])
def test_only_a_failed_or_cancelled_job_can_be_retried(job: Job, state: State) -> None:
    in_state(job, state)
    assert not services.retry(job)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (state, 1)


def test_a_retry_is_rejected_while_too_many_jobs_are_active(submit: Callable[..., Job], settings: Settings) -> None:
    failed = in_state(submit(), State.FAILED)
    submit()
    settings.MAX_ACTIVE_JOBS = 1
    with pytest.raises(Rejected):
        services.retry(failed)
    failed.refresh_from_db()
    assert failed.state == State.FAILED


def test_deleting_removes_rows_and_files(job: Job) -> None:
    services.delete(job.pk)
    assert not Job.objects.filter(pk=job.pk).exists()
    assert stored_files() == []


def test_a_deleted_running_job_is_hidden_now_and_removed_when_its_worker_releases_it(job: Job) -> None:
    in_state(job, State.RUNNING)
    services.delete(job.pk)
    assert access.job_for_read(job.owner, job.pk) is None
    assert stored_files() != []
    job.refresh_from_db()
    assert job.cancel_requested_at is not None


def test_a_title_is_one_line_and_never_empty(job: Job) -> None:
    seq = job.seq
    services.rename(job, "  My\n lamp\x00 " + "x" * 200)
    job.refresh_from_db()
    assert job.title == ("My lamp" + " " + "x" * 200)[:100]
    assert job.seq > seq
    with pytest.raises(Rejected) as rejected:
        services.rename(job, " \n ")
    assert rejected.value.code == "title_missing"
