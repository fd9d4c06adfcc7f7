"""The commands of moderators take effect at once, need a reason, and are logged."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import ApiToken, User
from jobs.core import access, moderation, sharing
from jobs.models import Job, ModerationAct, State
from reconsite.core.errors import Rejected
from tests.conftest import in_state, signed_in

pytestmark = pytest.mark.django_db


def log() -> list[tuple[str, str, str]]:
    return list(ModerationAct.objects.order_by("at").values_list("act", "subject", "reason"))


def test_a_hidden_job_is_invisible_to_its_owner_until_it_is_unhidden(job: Job, owner: User, staff: User) -> None:
    assert moderation.hide(staff, job, "Rude.")
    assert not moderation.hide(staff, job, "Rude.")
    assert access.job_for_read(owner, job.pk) is None
    assert moderation.unhide(staff, job, "A mistake.")
    assert not moderation.unhide(staff, job, "A mistake.")
    assert access.job_for_read(owner, job.pk) == job
    assert log() == [("hide", "Lamp", "Rude."), ("unhide", "Lamp", "A mistake.")]


def test_cancelling_stops_a_job_and_is_logged_once(job: Job, staff: User) -> None:
    assert moderation.cancel(staff, job, "It blocks the queue.")
    assert not moderation.cancel(staff, job, "It blocks the queue.")
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert log() == [("cancel", "Lamp", "It blocks the queue.")]


def test_a_ban_ends_access_everywhere(submit: Callable[..., Job], owner: User, staff: User) -> None:
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
    assert log() == [("ban", "owner@example.org", "Spam.")]


def test_a_ban_ends_every_session(owner: User, staff: User) -> None:
    browser = signed_in(owner)
    assert browser.get("/models/").status_code == 200
    moderation.ban(staff, owner, "Spam.")
    assert moderation.unban(staff, owner, "Sorry.")
    assert browser.get("/models/").status_code == 302


def test_published_models_reappear_when_a_ban_is_lifted(job: Job, owner: User, staff: User) -> None:
    sharing.publish(in_state(job, State.SUCCEEDED))
    moderation.ban(staff, owner, "Spam.")
    assert moderation.unban(staff, owner, "Sorry.")
    assert not moderation.unban(staff, owner, "Sorry.")
    assert access.job_for_public(job.pk) == job


def test_staff_and_oneself_cannot_be_banned(staff: User, owner: User) -> None:
    for actor, person in ((owner, owner), (owner, staff)):
        with pytest.raises(Rejected) as rejected:
            moderation.ban(actor, person, "Power.")
        assert rejected.value.code == "cannot_ban"
    assert User.objects.filter(is_active=True).count() == 2
    assert log() == []


def test_a_report_can_be_closed_once(job: Job, staff: User) -> None:
    report = sharing.report(job, None, "other")
    assert moderation.close_report(staff, report, "Nothing wrong.")
    assert not moderation.close_report(staff, report, "Nothing wrong.")
    assert log() == [("close", "Lamp", "Nothing wrong.")]


@pytest.mark.parametrize("command", [moderation.hide, moderation.unhide, moderation.cancel])
def test_every_command_requires_a_reason(job: Job, staff: User, command: Callable[..., Any]) -> None:
    with pytest.raises(Rejected) as rejected:
        command(staff, job, "  ")
    assert rejected.value.code == "reason_missing"
    assert log() == []


def test_log_entries_survive_the_deletion_of_job_and_moderator(job: Job, staff: User) -> None:
    moderation.hide(staff, job, "Rude.")
    job.delete()
    staff.delete()
    entry = ModerationAct.objects.get()
    assert (entry.actor, entry.job, entry.subject) == (None, None, "Lamp")


def test_the_audit_log_only_grows(job: Job, owner: User, staff: User) -> None:
    moderation.hide(staff, job, "Rude.")
    entry = ModerationAct.objects.get()
    changes: tuple[Callable[[], object], ...] = (
        entry.save,
        entry.delete,
        ModerationAct.objects.all().delete,
        lambda: ModerationAct.objects.update(reason="Nice."),
    )
    for change in changes:
        with pytest.raises(TypeError, match="audit log"):
            change()
    owner.delete()
    staff.delete()
    assert log() == [("hide", "Lamp", "Rude.")]
