"""Moderators review reports one after another, and see the last day on the dashboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import User
from jobs.admin.charts import HEIGHT, bar_chart
from jobs.core import activity, sharing, worker_heartbeat
from jobs.models import AbuseReport, Job, JobEvent, ModerationAct, State
from tests.conftest import in_state, make_user, signed_in
from tests.jobs.models import finish

pytestmark = pytest.mark.django_db
REVIEW = "/admin/jobs/abusereport/review/"
DASHBOARD = "/admin/jobs/job/health/"


@pytest.fixture
def reports(submit: Callable[..., Job], stranger: User) -> list[AbuseReport]:
    """Two published models with an open report each, the older one first."""
    jobs = [finish(submit(title=title)) for title in ("Lamp", "Chair")]
    return [sharing.report(job, stranger, "person", f"About {job.title}") for job in jobs]


def shown(client: Client, after: int = 0) -> str:
    return client.get(REVIEW, {"after": after}).content.decode()


def decide(client: Client, report: AbuseReport, decision: str, reason: str = "Because") -> str:
    data = {"report": report.pk, "decision": decision, "reason": reason}
    return client.post(REVIEW, data, follow=True).content.decode()


def test_the_oldest_report_comes_first_with_the_turning_model(reports: list[AbuseReport], moderator: User) -> None:
    page = shown(signed_in(moderator))
    assert "About Lamp" in page and "About Chair" not in page
    assert f"/jobs/{reports[0].job_id}/files/render.mp4" in page
    assert "2 open" in page


def test_each_decision_leads_to_the_next_report(reports: list[AbuseReport], moderator: User) -> None:
    client = signed_in(moderator)
    assert "About Chair" in decide(client, reports[0], "hide")
    assert "There are no open reports." in decide(client, reports[1], "close")
    hidden = dict(Job.objects.values_list("title", "hidden_at"))
    assert (hidden["Lamp"] is not None, hidden["Chair"]) == (True, None)
    assert set(ModerationAct.objects.values_list("reason", flat=True)) == {"Because"}


def test_a_skipped_report_stays_open(reports: list[AbuseReport], moderator: User) -> None:
    client = signed_in(moderator)
    assert "About Chair" in shown(client, after=reports[0].pk)
    assert "2 skipped reports" in shown(client, after=reports[1].pk)


def test_a_decision_needs_a_reason(reports: list[AbuseReport], moderator: User) -> None:
    assert "About Lamp" in decide(signed_in(moderator), reports[0], "close", reason=" ")
    assert AbuseReport.objects.filter(closed_at=None).count() == 2


def test_who_may_not_hide_can_only_close(reports: list[AbuseReport]) -> None:
    clerk = make_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=("view_job", "change_abusereport")))
    client = signed_in(clerk)
    assert 'value="hide"' not in shown(client)
    data = {"report": reports[0].pk, "decision": "hide", "reason": "x"}
    assert client.post(REVIEW, data).status_code == 403
    assert not Job.objects.exclude(hidden_at=None).exists()


def test_odd_requests_change_nothing(reports: list[AbuseReport], moderator: User) -> None:
    client = signed_in(moderator)
    for data in ({}, {"report": "²", "decision": "hide"}, {"report": reports[0].pk, "decision": "burn"}):
        assert client.post(REVIEW, data).status_code == 302
    assert AbuseReport.objects.filter(closed_at=None).count() == 2


def test_jobs_that_ended_are_counted_by_the_hour(submit: Callable[..., Job]) -> None:
    now = timezone.now()
    in_state(submit(), State.FAILED)
    JobEvent.objects.filter(state=State.FAILED).update(at=now - timedelta(hours=3))
    in_state(submit(), State.SUCCEEDED)
    old = in_state(submit(), State.CANCELLED)
    old.events.update(at=now - timedelta(hours=30))
    hours = activity.last_hours()
    assert len(hours) == 24
    assert (hours[-1].succeeded, hours[-4].failed) == (1, 1)
    assert sum(hour.cancelled for hour in hours) == 0


def test_the_highest_bar_fills_the_chart() -> None:
    at = datetime(2026, 11, 27, 13)
    chart = bar_chart("Failed", [(at, 1), (at, 0), (at, 4)])
    assert [bar.height for bar in chart.bars] == [HEIGHT / 4, 0, HEIGHT]
    assert (chart.total, chart.bars[2].y, chart.bars[2].label) == (5, 0, "13:00: 4")
    assert bar_chart("Failed", [(at, 0)]).bars[0].height == 0


def test_the_dashboard_says_what_each_worker_does_and_names_reasons(
    submit: Callable[..., Job], moderator: User
) -> None:
    worker_heartbeat.record("gpu-1.0f3c9a", 3 * 2**30, ["triposr"])
    in_state(submit(), State.FAILED)
    running = in_state(submit(title="Chair"), State.RUNNING)
    Job.objects.filter(pk=running.pk).update(worker="gpu-1.0f3c9a", stage="texture", progress=0.6)
    page = signed_in(moderator).get(DASHBOARD).content.decode()
    assert ">gpu-1.0f3c9a</th>" in page
    assert "Engines: triposr. Queues: remix, gpu." in page and "Memory: 3.0\xa0GB" in page
    assert re.search(r"Chair</a>: [A-Z][^,<]+, 60 %", page), "stage and progress"
    assert f'/admin/jobs/job/{running.pk}/change/">Chair</a>' in page
    assert "No subject" in page and "Failed, last 24 hours" in page


def test_filters_name_what_they_filter(moderator: User, submit: Callable[..., Job]) -> None:
    in_state(submit(), State.FAILED)
    page = signed_in(moderator).get("/admin/jobs/job/").content.decode()
    for words in ("Hidden by a moderator", "Not published", "With an open report", "No subject", "failed: no subject"):
        assert words.lower() in page.lower(), words
