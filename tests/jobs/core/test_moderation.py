"""What a moderator does has an effect at once, a reason, and a trace."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import ApiToken, User
from jobs.core import access, moderation, sharing
from jobs.models import Job, ModerationAct, State
from reconsite.core.errors import Rejected
from tests.conftest import in_state, signed_in

pytestmark = pytest.mark.django_db


def traces() -> list[tuple[str, str, str]]:
    return list(ModerationAct.objects.order_by("at").values_list("act", "subject", "reason"))


def test_hiding_takes_a_job_from_its_owner_and_back(job: Job, owner: User, staff: User) -> None:
    assert moderation.hide(staff, job, "Rude.")
    assert not moderation.hide(staff, job, "Rude.")
    assert access.job_for_read(owner, job.pk) is None
    assert moderation.unhide(staff, job, "A mistake.")
    assert not moderation.unhide(staff, job, "A mistake.")
    assert access.job_for_read(owner, job.pk) == job
    assert traces() == [("hide", "Lamp", "Rude."), ("unhide", "Lamp", "A mistake.")]


def test_cancelling_stops_a_job_and_is_recorded_once(job: Job, staff: User) -> None:
    assert moderation.cancel(staff, job, "It blocks the queue.")
    assert not moderation.cancel(staff, job, "It blocks the queue.")
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert traces() == [("cancel", "Lamp", "It blocks the queue.")]


def test_a_banned_person_is_out_everywhere(submit: Callable[..., Job], owner: User, staff: User) -> None:
    browser = signed_in(owner)
    ApiToken.objects.create(user=owner)
    published, running, waiting = in_state(submit(), State.SUCCEEDED), submit(), submit()
    in_state(running, State.RUNNING)
    sharing.publish(published)
    token = sharing.share(published).token
    assert moderation.ban(staff, owner, "Spam.")
    assert browser.get("/models/").status_code == 302
    assert not ApiToken.objects.exists()
    assert access.job_for_public(published.pk) is None
    assert access.job_by_share(token) is None
    running.refresh_from_db()
    waiting.refresh_from_db()
    assert running.cancel_requested_at is not None
    assert waiting.state == State.CANCELLED
    assert traces() == [("ban", "owner@example.org", "Spam.")]


def test_a_ban_outlives_no_session(owner: User, staff: User) -> None:
    browser = signed_in(owner)
    assert browser.get("/models/").status_code == 200
    moderation.ban(staff, owner, "Spam.")
    assert moderation.unban(staff, owner, "Sorry.")
    assert browser.get("/models/").status_code == 302


def test_who_is_let_in_again_finds_what_was_published(job: Job, owner: User, staff: User) -> None:
    sharing.publish(in_state(job, State.SUCCEEDED))
    moderation.ban(staff, owner, "Spam.")
    assert moderation.unban(staff, owner, "Sorry.")
    assert not moderation.unban(staff, owner, "Sorry.")
    assert access.job_for_public(job.pk) == job


def test_nobody_bans_staff_or_themselves(staff: User, owner: User) -> None:
    for actor, person in ((owner, owner), (owner, staff)):
        with pytest.raises(Rejected) as refusal:
            moderation.ban(actor, person, "Power.")
        assert refusal.value.code == "cannot_ban"
    assert User.objects.filter(is_active=True).count() == 2
    assert traces() == []


def test_a_report_is_closed_once(job: Job, staff: User) -> None:
    report = sharing.report(job, None, "other")
    assert moderation.close_report(staff, report, "Nothing wrong.")
    assert not moderation.close_report(staff, report, "Nothing wrong.")
    assert traces() == [("close", "Lamp", "Nothing wrong.")]


@pytest.mark.parametrize("verb", [moderation.hide, moderation.unhide, moderation.cancel])
def test_without_a_reason_nothing_is_done(job: Job, staff: User, verb: Callable[..., Any]) -> None:
    with pytest.raises(Rejected) as refusal:
        verb(staff, job, "  ")
    assert refusal.value.code == "reason_missing"
    assert traces() == []


def test_the_trace_outlives_job_and_moderator(job: Job, staff: User) -> None:
    moderation.hide(staff, job, "Rude.")
    job.delete()
    staff.delete()
    act = ModerationAct.objects.get()
    assert (act.actor, act.job, act.subject) == (None, None, "Lamp")
