"""Moderation: who sees what in the admin, and every act with its reason and its trace."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.models import AbuseReport, Job, ModerationAct, State
from tests.conftest import in_state, make_user, signed_in

pytestmark = pytest.mark.django_db

JOBS = "/admin/jobs/job/"
REPORTS = "/admin/jobs/abusereport/"
ACTS = "/admin/jobs/moderationact/"
PEOPLE = "/admin/accounts/user/"


@pytest.fixture
def moderator(db: None) -> User:
    """Staff in the group that the site brings."""
    user = make_user("moderator", is_staff=True)
    user.groups.add(Group.objects.get(name="Moderators"))
    return user


@pytest.fixture
def boss(db: None) -> User:
    return make_user("boss", is_staff=True, is_superuser=True)


@pytest.fixture
def made(job: Job) -> Job:
    """A finished, published model of the owner."""
    in_state(job, State.SUCCEEDED)
    Job.objects.update(published_at=timezone.now())
    job.refresh_from_db()
    return job


@pytest.fixture
def report(made: Job, stranger: User) -> AbuseReport:
    return AbuseReport.objects.create(job=made, reporter=stranger, reason="person", text="That is me")


def act(user: User, url: str, action: str, row: Job | User | AbuseReport, reason: str | None = "spam") -> str:
    """Choose a row and an action; with a `reason` the page that asks is answered too."""
    form = {"action": action, "_selected_action": [str(row.pk)]}
    if reason is not None:
        form["reason"] = reason
    return signed_in(user).post(url, form, follow=True).content.decode()


def hidden(job: Job) -> bool:
    job.refresh_from_db()
    return job.hidden_at is not None


@pytest.mark.parametrize("url", [JOBS, REPORTS, ACTS, PEOPLE, "/admin/jobs/photo/", "/admin/jobs/artifact/"])
def test_a_moderator_sees_every_list(moderator: User, report: AbuseReport, url: str) -> None:
    assert signed_in(moderator).get(url).status_code == 200


@pytest.mark.parametrize("url", [JOBS, REPORTS, ACTS, PEOPLE, f"{JOBS}health/"])
def test_others_do_not(owner: User, client: Client, url: str) -> None:
    assert signed_in(owner).get(url).status_code == 302
    assert client.get(url).status_code == 302


@pytest.mark.parametrize("url", [JOBS, REPORTS, ACTS, PEOPLE, f"{JOBS}health/"])
def test_staff_without_rights_sees_nothing(url: str) -> None:
    assert signed_in(make_user("clerk", is_staff=True)).get(url).status_code == 403


def test_a_job_is_read_not_written(moderator: User, job: Job) -> None:
    url = reverse("admin:jobs_job_change", args=[job.pk])
    assert signed_in(moderator).get(url).status_code == 200
    assert signed_in(moderator).post(url, {"title": "changed", "state": "succeeded"}).status_code == 403
    job.refresh_from_db()
    assert (job.title, job.state) == ("Lamp", State.QUEUED)


def offered(user: User, row: Job | User) -> set[str]:
    """The acts that stand as buttons on the page of the row."""
    answer = signed_in(user).get(reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk]))
    return {action.name for action in answer.context["moderation_actions"]}


def test_the_page_of_a_row_offers_what_changes_something(moderator: User, owner: User, job: Job) -> None:
    assert offered(moderator, job) == {"hide", "cancel"}
    in_state(job, State.CANCELLED)
    Job.objects.update(hidden_at=timezone.now())
    assert offered(moderator, job) == {"unhide"}
    assert offered(moderator, owner) == {"ban"}


def test_who_may_only_view_is_offered_nothing(staff: User, job: Job) -> None:
    staff.user_permissions.set(staff.user_permissions.filter(codename="view_job"))
    assert offered(staff, job) == set()


def test_an_act_first_asks_for_the_reason(moderator: User, job: Job) -> None:
    html = act(moderator, JOBS, "hide", job, reason=None)
    assert "Hide these models?" in html
    assert not hidden(job)


def test_a_reason_of_spaces_is_none(moderator: User, job: Job) -> None:
    assert "This field is required" in act(moderator, JOBS, "hide", job, reason="   ")
    assert not hidden(job)


def test_hide_and_show_again_leave_a_trace(moderator: User, job: Job) -> None:
    assert "1 of 1 hidden." in act(moderator, JOBS, "hide", job, "not for all")
    assert hidden(job)
    act(moderator, JOBS, "unhide", job, "a mistake")
    assert not hidden(job)
    acts = ModerationAct.objects.order_by("at").values_list("act", "actor__email", "subject", "reason")
    assert list(acts) == [
        ("hide", moderator.email, "Lamp", "not for all"),
        ("unhide", moderator.email, "Lamp", "a mistake"),
    ]


def test_cancel_goes_the_way_of_the_site(moderator: User, job: Job) -> None:
    act(moderator, JOBS, "cancel", job)
    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_what_changed_nothing_leaves_no_trace(moderator: User, made: Job) -> None:
    assert "0 of 1 cancelled." in act(moderator, JOBS, "cancel", made)
    assert not ModerationAct.objects.exists()


def test_who_may_only_view_cannot_act(job: Job, staff: User) -> None:
    staff.user_permissions.set(staff.user_permissions.filter(codename="view_job"))
    act(staff, JOBS, "hide", job)
    assert not hidden(job)


def test_forty_chosen_rows_pass_the_limit_of_fields(moderator: User, job: Job) -> None:
    chosen = [str(job.pk)] * 40
    form = {"action": "hide", "_selected_action": chosen, "reason": "spam", "select_across": "0", "index": "0"}
    assert signed_in(moderator).post(JOBS, {**form, "csrfmiddlewaretoken": "x"}).status_code == 302
    assert hidden(job)


def titles(user: User, query: str) -> set[str]:
    """The titles that the list of jobs shows."""
    answer = signed_in(user).get(f"{JOBS}?{query}")
    return {job.title for job in answer.context["cl"].result_list}


@pytest.mark.parametrize("name", ["hidden", "published", "reported"])
def test_the_filters_part_the_jobs(moderator: User, report: AbuseReport, submit: Callable[..., Job], name: str) -> None:
    Job.objects.update(hidden_at=timezone.now())
    submit(title="Other")
    assert titles(moderator, f"{name}=yes") == {"Lamp"}
    assert titles(moderator, f"{name}=no") == {"Other"}


def test_the_jobs_of_one_owner(moderator: User, job: Job, stranger: User, submit: Callable[..., Job]) -> None:
    submit(user=stranger, title="Other")
    assert titles(moderator, f"owner={stranger.pk}") == {"Other"}
    assert titles(moderator, "q=owner@example.org") == {"Lamp"}


def test_open_reports_come_first(moderator: User, report: AbuseReport, made: Job) -> None:
    closed = AbuseReport.objects.create(job=made, reason="other", text="later", closed_at=timezone.now())
    rows = list(signed_in(moderator).get(REPORTS).context["cl"].result_list)
    assert rows == [report, closed]


def test_a_report_shows_picture_text_and_the_way_to_the_model(moderator: User, report: AbuseReport) -> None:
    html = signed_in(moderator).get(REPORTS).content.decode()
    assert "That is me" in html
    assert report.job.poster_url in html
    assert report.job.get_absolute_url() in html


def test_a_report_is_closed_and_the_model_stays(moderator: User, report: AbuseReport) -> None:
    act(moderator, REPORTS, "close", report, "looked at it")
    report.refresh_from_db()
    assert report.closed_at is not None
    assert not hidden(report.job)


def test_hiding_the_model_closes_every_report_of_it(moderator: User, report: AbuseReport, made: Job) -> None:
    AbuseReport.objects.create(job=made, reason="other")
    act(moderator, REPORTS, "hide_model", report, "a person")
    assert hidden(made)
    assert not AbuseReport.objects.filter(closed_at=None).exists()
    assert sorted(ModerationAct.objects.values_list("act", flat=True)) == ["close", "close", "hide"]


def test_a_ban_locks_out_and_hides_what_was_published(moderator: User, owner: User, made: Job) -> None:
    browser = signed_in(owner)
    act(moderator, PEOPLE, "ban", owner, "spam")
    owner.refresh_from_db()
    assert not owner.is_active
    assert browser.get("/models/").status_code == 302
    assert not Job.objects.published().exists()
    act(moderator, PEOPLE, "unban", owner, "sorry")
    owner.refresh_from_db()
    assert owner.is_active
    assert Job.objects.published().exists()


@pytest.mark.parametrize("name", ["boss", "moderator"])
def test_neither_a_superuser_nor_oneself_can_be_banned(moderator: User, boss: User, name: str) -> None:
    person = User.objects.get(username=name)
    assert "You can&#x27;t ban yourself or staff" in act(moderator, PEOPLE, "ban", person)
    person.refresh_from_db()
    assert person.is_active
    assert not ModerationAct.objects.exists()


def test_staff_without_the_right_cannot_ban(staff: User, owner: User) -> None:
    act(staff, PEOPLE, "ban", owner)
    owner.refresh_from_db()
    assert owner.is_active


def test_the_trail_is_found_and_cannot_be_changed(moderator: User, boss: User, job: Job) -> None:
    act(moderator, JOBS, "hide", job, "a very special reason")
    row = ModerationAct.objects.get()
    url = reverse("admin:jobs_moderationact_change", args=[row.pk])
    assert "very special" in signed_in(moderator).get(f"{ACTS}?q=very+special").content.decode()
    for user in (moderator, boss):
        assert signed_in(user).post(url, {"reason": "changed"}).status_code == 403
        assert signed_in(user).post(f"{ACTS}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ModerationAct.objects.get().reason == "a very special reason"


@pytest.mark.parametrize("who", ["moderator", "boss"])
def test_the_queues_dashboard_is_not_there(request: pytest.FixtureRequest, who: str) -> None:
    user = request.getfixturevalue(who)
    assert signed_in(user).get("/admin/django_rq/dashboard/").status_code in (302, 403, 404)


@pytest.mark.parametrize("url", ["/admin/", JOBS, REPORTS, f"{JOBS}health/", PEOPLE])
def test_the_strict_policy_holds_in_the_admin(boss: User, report: AbuseReport, url: str) -> None:
    answer = signed_in(boss).get(url)
    html = answer.content.decode()
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "<script>" not in html
    assert " style=" not in html
