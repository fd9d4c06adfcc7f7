"""`make demo`: an account with models of our samples, on one's own machine only."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from jobs.core import transitions, worker_heartbeat
from jobs.core.transitions import Writer
from jobs.management.commands import demo
from jobs.models import Job, State
from tests.conftest import in_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """`waiting(step)`: call `step` instead of sleeping."""

    def replace(step: Callable[[], object]) -> None:
        monkeypatch.setattr("time.sleep", lambda seconds: step())

    return replace


def finish_one() -> None:
    """What a worker does: one model."""
    in_state(Job.objects.filter(state=State.QUEUED)[0], State.SUCCEEDED)


def run() -> str:
    printed = io.StringIO()
    call_command("demo", stdout=printed)
    return printed.getvalue()


def test_it_ends_with_three_finished_models_and_says_how_to_sign_in(
    waiting: Callable[[Callable[[], object]], None],
) -> None:
    waiting(finish_one)
    printed = run()
    user = User.objects.get(email=demo.EMAIL)
    assert user.check_password(demo.PASSWORD)
    assert not user.is_staff
    models = Job.objects.filter(state=State.SUCCEEDED)
    assert sorted(model.title for model in models) == ["lighthouse", "locomotive", "robot"]
    assert all(model.get_absolute_url() in printed for model in models)
    assert printed.splitlines()[-1].endswith(f"as {demo.EMAIL} with the password {demo.PASSWORD}")
    assert run().splitlines()[1:] == printed.splitlines()[1:], "a second call finds the same models"


def test_a_model_that_failed_is_tried_again(waiting: Callable[[Callable[[], object]], None]) -> None:
    waiting(finish_one)
    run()
    failed = Job.objects.first()
    assert failed
    Job.objects.filter(pk=failed.pk).update(state=State.CANCELLED, finished_at=timezone.now())
    run()
    failed.refresh_from_db()
    assert (failed.state, failed.attempt) == (State.SUCCEEDED, 2)


def test_a_failure_is_reported(waiting: Callable[[Callable[[], object]], None]) -> None:
    def fail() -> None:
        job = Job.objects.filter(state=State.QUEUED)[0]
        token = transitions.claim(job.pk, worker="test")
        transitions.fail(job.pk, "no_subject", writer=Writer.WORKER, token=token)

    waiting(fail)
    with pytest.raises(CommandError, match="No model of"):
        run()


def test_without_a_worker_it_says_what_to_start(waiting: Callable[[Callable[[], object]], None]) -> None:
    waiting(lambda: None)
    assert not worker_heartbeat.worker_online()
    with pytest.raises(CommandError, match="make run"):
        run()


def test_a_public_site_has_no_demo_account(settings: Settings) -> None:
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError, match="no demo account"):
        call_command("demo")
    assert not User.objects.exists()
