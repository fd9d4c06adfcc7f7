"""Which writer may move a job to which state."""

from itertools import product
from typing import Any
from uuid import uuid4

import pytest

from jobs.core import transitions
from jobs.core.transitions import TRANSITIONS, Writer
from jobs.models import TERMINAL, Job, JobEvent, State
from tests.conftest import in_state

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("old", "new", "writer"), list(product(State, State, Writer)))
def test_only_transitions_in_the_table_are_allowed(job: Job, old: State, new: State, writer: Writer) -> None:
    job = in_state(job, old)
    required: dict[State, dict[str, Any]] = {
        State.FAILED: {"failure_code": "internal"},
        State.RUNNING: {"lease_token": uuid4()},
    }
    allowed = writer in TRANSITIONS.get((old, new), frozenset())
    assert transitions.advance(job.pk, new, writer=writer, **required.get(new, {})) is allowed
    job.refresh_from_db()
    assert job.state == (new if allowed else old)


def test_a_job_can_be_claimed_once(job: Job) -> None:
    assert transitions.claim(job.pk, worker="first") is not None
    assert transitions.claim(job.pk, worker="second") is None
    job.refresh_from_db()
    assert job.worker == "first"


def test_a_lost_lease_writes_nothing(job: Job) -> None:
    in_state(job, State.RUNNING)
    lost = uuid4()
    assert not transitions.renew(job.pk, lost)
    assert not transitions.report_progress(job.pk, lost, "scene", 0.5, new_stage=True)
    assert not transitions.fail(job.pk, "internal", writer=Writer.WORKER, token=lost)
    job.refresh_from_db()
    assert (job.state, job.stage) == (State.RUNNING, "")


def test_every_change_is_an_event_with_an_increasing_seq(job: Job) -> None:
    token = transitions.claim(job.pk, worker="w")
    assert token
    transitions.report_progress(job.pk, token, "cutout", 0.1, new_stage=True)
    transitions.report_progress(job.pk, token, "cutout", 0.2, new_stage=False)
    transitions.fail(job.pk, "no_subject", writer=Writer.WORKER, token=token)
    events = list(JobEvent.objects.filter(job=job).values_list("seq", "kind", "state", "stage", "code"))
    assert events == [
        (0, "state", "queued", "", ""),
        (1, "state", "running", "", ""),
        (2, "stage", "running", "cutout", ""),
        (4, "state", "failed", "cutout", "no_subject"),
    ]


def test_a_failure_stores_code_and_message(job: Job) -> None:
    in_state(job, State.FAILED)
    assert job.failure_code == "no_subject"
    assert "single object" in job.failure_message


@pytest.mark.parametrize("state", TERMINAL)
def test_an_ended_job_holds_no_lease(job: Job, state: State) -> None:
    in_state(job, state)
    assert job.lease_token is None
    assert job.finished_at is not None


def test_a_cancel_request_is_recorded_once(job: Job) -> None:
    in_state(job, State.RUNNING)
    assert transitions.request_cancel(job.pk)
    assert not transitions.request_cancel(job.pk)
