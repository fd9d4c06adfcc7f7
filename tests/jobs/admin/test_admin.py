"""Moderation: who sees what in the admin, and the actions with their reasons and log entries."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.models import User
from jobs.core import services
from jobs.models import AbuseReport, Job, ModerationAct, State
from reconsite.admin.components import Rows
from reconsite.core.errors import MESSAGES
from tests.conftest import in_state, make_user, signed_in

pytestmark = pytest.mark.django_db

JOBS = "/admin/jobs/job/"
REPORTS = "/admin/jobs/abusereport/"
AUDIT_LOG = "/admin/jobs/moderationact/"
USERS = "/admin/accounts/user/"


@pytest.fixture
def superuser(db: None) -> User:
    return make_user("superuser", is_staff=True, is_superuser=True)


@pytest.fixture
def finished(job: Job) -> Job:
    """A finished, published model of the owner."""
    in_state(job, State.SUCCEEDED)
    Job.objects.update(published_at=timezone.now())
    job.refresh_from_db()
    return job


@pytest.fixture
def report(finished: Job, stranger: User) -> AbuseReport:
    return AbuseReport.objects.create(job=finished, reporter=stranger, reason="person", text="That is me")


def run_action(user: User, url: str, action: str, row: Job | User | AbuseReport, reason: str | None = "spam") -> str:
    """Run an action on a row; with a `reason` the form of the next page is submitted, too."""
    form = {"action": action, "_selected_action": [str(row.pk)]}
    if reason is not None:
        form["reason"] = reason
    return signed_in(user).post(url, form, follow=True).content.decode()


def hidden(job: Job) -> bool:
    job.refresh_from_db()
    return job.hidden_at is not None


@pytest.mark.parametrize("url", [JOBS, REPORTS, AUDIT_LOG, USERS, "/admin/jobs/photo/", "/admin/jobs/artifact/"])
def test_a_moderator_can_open_every_list(moderator: User, report: AbuseReport, url: str) -> None:
    assert signed_in(moderator).get(url).status_code == 200


@pytest.mark.parametrize("url", [JOBS, REPORTS, AUDIT_LOG, USERS, f"{JOBS}health/"])
def test_others_are_asked_to_sign_in(owner: User, client: Client, url: str) -> None:
    assert signed_in(owner).get(url).status_code == 302
    assert client.get(url).status_code == 302


@pytest.mark.parametrize("url", [JOBS, REPORTS, AUDIT_LOG, USERS, f"{JOBS}health/"])
def test_staff_without_permissions_get_403(url: str) -> None:
    assert signed_in(make_user("clerk", is_staff=True)).get(url).status_code == 403


def test_rows_below_a_job_say_what_each_value_is_and_that_there_are_none(moderator: User, report: AbuseReport) -> None:
    page = signed_in(moderator).get(reverse("admin:jobs_job_change", args=[report.job_id])).content.decode()
    assert '<th scope="col">Reason</th>' in page
    assert '<td data-name="Reason"><div>Shows someone without consent</div></td>' in page
    assert "None." in page.partition('id="artifacts-group"')[2].partition('id="events-group"')[0]


def test_rows_below_others_are_all_shown_in_the_way_that_fits_a_phone() -> None:
    inlines = {inline for model_admin in admin.site._registry.values() for inline in model_admin.inlines}
    assert inlines
    assert all(issubclass(inline, Rows) for inline in inlines)


def test_a_job_is_read_only(moderator: User, job: Job) -> None:
    url = reverse("admin:jobs_job_change", args=[job.pk])
    assert signed_in(moderator).get(url).status_code == 200
    assert signed_in(moderator).post(url, {"title": "changed", "state": "succeeded"}).status_code == 403
    job.refresh_from_db()
    assert (job.title, job.state) == ("Lamp", State.QUEUED)


def offered(user: User, row: Job | User) -> set[str]:
    """The actions that are buttons on the page of the row."""
    response = signed_in(user).get(reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk]))
    return {action.name for action in response.context["moderation_actions"]}


def test_a_row_offers_only_applicable_actions(moderator: User, owner: User, job: Job) -> None:
    assert offered(moderator, job) == {"hide", "cancel"}
    in_state(job, State.CANCELLED)
    Job.objects.update(hidden_at=timezone.now())
    assert offered(moderator, job) == {"unhide"}
    assert offered(moderator, owner) == {"ban"}


def test_staff_with_view_permission_are_offered_no_actions(staff: User, job: Job) -> None:
    staff.user_permissions.set(staff.user_permissions.filter(codename="view_job"))
    assert offered(staff, job) == set()


def test_an_action_first_asks_for_a_reason(moderator: User, job: Job) -> None:
    html = run_action(moderator, JOBS, "hide", job, reason=None)
    assert "Hide these models?" in html
    assert not hidden(job)


def test_a_blank_reason_is_rejected(moderator: User, job: Job) -> None:
    assert "This field is required" in run_action(moderator, JOBS, "hide", job, reason="   ")
    assert not hidden(job)


def test_hiding_and_unhiding_are_logged(moderator: User, job: Job) -> None:
    assert "1 of 1 hidden." in run_action(moderator, JOBS, "hide", job, "not for all")
    assert hidden(job)
    run_action(moderator, JOBS, "unhide", job, "a mistake")
    assert not hidden(job)
    entries = ModerationAct.objects.order_by("at").values_list("act", "actor__email", "subject", "reason")
    assert list(entries) == [
        ("hide", moderator.email, "Lamp", "not for all"),
        ("unhide", moderator.email, "Lamp", "a mistake"),
    ]


def test_a_moderator_cancels_a_job(moderator: User, job: Job) -> None:
    run_action(moderator, JOBS, "cancel", job)
    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_an_action_without_effect_is_not_logged(moderator: User, finished: Job) -> None:
    assert "0 of 1 cancelled." in run_action(moderator, JOBS, "cancel", finished)
    assert not ModerationAct.objects.exists()


def test_staff_with_view_permission_cannot_run_actions(job: Job, staff: User) -> None:
    staff.user_permissions.set(staff.user_permissions.filter(codename="view_job"))
    run_action(staff, JOBS, "hide", job)
    assert not hidden(job)


def test_forty_selected_rows_stay_below_the_field_limit(moderator: User, job: Job) -> None:
    chosen = [str(job.pk)] * 40
    form = {"action": "hide", "_selected_action": chosen, "reason": "spam", "select_across": "0", "index": "0"}
    assert signed_in(moderator).post(JOBS, {**form, "csrfmiddlewaretoken": "x"}).status_code == 302
    assert hidden(job)


def titles(user: User, query: str) -> set[str]:
    """The titles that the list of jobs shows."""
    response = signed_in(user).get(f"{JOBS}?{query}")
    return {job.title for job in response.context["cl"].result_list}


@pytest.mark.parametrize("name", ["hidden", "published", "reported"])
def test_the_filters_split_the_jobs(
    moderator: User, report: AbuseReport, submit: Callable[..., Job], name: str
) -> None:
    Job.objects.update(hidden_at=timezone.now())
    submit(title="Other")
    assert titles(moderator, f"{name}=yes") == {"Lamp"}
    assert titles(moderator, f"{name}=no") == {"Other"}


def test_jobs_are_filtered_by_owner(moderator: User, job: Job, stranger: User, submit: Callable[..., Job]) -> None:
    submit(user=stranger, title="Other")
    assert titles(moderator, f"owner={stranger.pk}") == {"Other"}
    assert titles(moderator, "q=owner@example.org") == {"Lamp"}


def test_a_model_in_the_bin_has_no_poster(moderator: User, finished: Job) -> None:
    assert finished.poster_url in signed_in(moderator).get(JOBS).content.decode()
    services.discard(finished.pk)
    assert finished.poster_url not in signed_in(moderator).get(JOBS).content.decode()


def test_open_reports_come_first(moderator: User, report: AbuseReport, finished: Job) -> None:
    closed = AbuseReport.objects.create(job=finished, reason="other", text="later", closed_at=timezone.now())
    rows = list(signed_in(moderator).get(REPORTS).context["cl"].result_list)
    assert rows == [report, closed]


def test_a_report_shows_poster_text_and_a_link_to_the_model(moderator: User, report: AbuseReport) -> None:
    html = signed_in(moderator).get(REPORTS).content.decode()
    assert "That is me" in html
    assert report.job is not None
    assert report.job.poster_url in html
    assert report.job.get_absolute_url() in html


def test_closing_a_report_leaves_the_model_visible(moderator: User, report: AbuseReport) -> None:
    run_action(moderator, REPORTS, "close", report, "looked at it")
    report.refresh_from_db()
    assert report.closed_at is not None
    assert report.job is not None
    assert not hidden(report.job)


def test_hiding_a_model_closes_all_its_reports(moderator: User, report: AbuseReport, finished: Job) -> None:
    AbuseReport.objects.create(job=finished, reason="other")
    run_action(moderator, REPORTS, "hide_model", report, "a person")
    assert hidden(finished)
    assert not AbuseReport.objects.filter(closed_at=None).exists()
    assert sorted(ModerationAct.objects.values_list("act", flat=True)) == ["close", "close", "hide"]


def test_a_ban_signs_the_user_out_and_hides_their_models(moderator: User, owner: User, finished: Job) -> None:
    browser = signed_in(owner)
    run_action(moderator, USERS, "ban", owner, "spam")
    assert not User.objects.get(pk=owner.pk).is_active
    assert browser.get("/models/").status_code == 302
    assert not Job.objects.published().exists()
    run_action(moderator, USERS, "unban", owner, "sorry")
    assert User.objects.get(pk=owner.pk).is_active
    assert Job.objects.published().exists()


@pytest.mark.parametrize("name", ["superuser", "moderator"])
def test_moderators_cannot_ban_staff_or_themselves(moderator: User, superuser: User, name: str) -> None:
    target = User.objects.get(username=name)
    assert escape(MESSAGES["cannot_ban"]) in run_action(moderator, USERS, "ban", target)
    target.refresh_from_db()
    assert target.is_active
    assert not ModerationAct.objects.exists()


def test_staff_without_permission_cannot_ban(staff: User, owner: User) -> None:
    run_action(staff, USERS, "ban", owner)
    owner.refresh_from_db()
    assert owner.is_active


def test_the_audit_log_is_searchable_and_read_only(moderator: User, superuser: User, job: Job) -> None:
    run_action(moderator, JOBS, "hide", job, "a very special reason")
    row = ModerationAct.objects.get()
    url = reverse("admin:jobs_moderationact_change", args=[row.pk])
    assert "very special" in signed_in(moderator).get(f"{AUDIT_LOG}?q=very+special").content.decode()
    for user in (moderator, superuser):
        assert signed_in(user).post(url, {"reason": "changed"}).status_code == 403
        assert signed_in(user).post(f"{AUDIT_LOG}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ModerationAct.objects.get().reason == "a very special reason"


@pytest.mark.parametrize("who", ["moderator", "superuser"])
def test_the_dashboard_of_django_rq_is_not_exposed(request: pytest.FixtureRequest, who: str) -> None:
    user = request.getfixturevalue(who)
    assert signed_in(user).get("/admin/django_rq/dashboard/").status_code in (302, 403, 404)


@pytest.mark.parametrize("url", ["/admin/", JOBS, REPORTS, f"{JOBS}health/", USERS])
def test_the_admin_has_a_strict_content_security_policy(superuser: User, report: AbuseReport, url: str) -> None:
    response = signed_in(superuser).get(url)
    html = response.content.decode()
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "<script>" not in html
    assert " style=" not in html
