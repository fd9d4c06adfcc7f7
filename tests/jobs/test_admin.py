"""Moderation."""

import pytest
from django.urls import reverse

from accounts.models import User
from jobs.models import Job, State
from tests.conftest import in_state, signed_in

pytestmark = pytest.mark.django_db

JOBS = "/admin/jobs/job/"


def act(user: User, action: str, job: Job) -> int:
    form = {"action": action, "_selected_action": [str(job.pk)]}
    return signed_in(user).post(JOBS, form).status_code


@pytest.mark.parametrize("url", [JOBS, "/admin/jobs/photo/", "/admin/jobs/artifact/"])
def test_staff_sees_jobs_photos_and_artefacts(staff: User, job: Job, url: str) -> None:
    in_state(job, State.SUCCEEDED)
    assert signed_in(staff).get(url).status_code == 200


def test_others_do_not(owner: User) -> None:
    assert signed_in(owner).get(JOBS).status_code == 302


def test_a_job_is_read_not_written(staff: User, job: Job) -> None:
    url = reverse("admin:jobs_job_change", args=[job.pk])
    assert signed_in(staff).get(url).status_code == 200
    assert signed_in(staff).post(url, {"title": "changed", "state": "succeeded"}).status_code == 403
    job.refresh_from_db()
    assert (job.title, job.state) == ("Lamp", State.QUEUED)


def test_hide_and_show_again(staff: User, job: Job) -> None:
    act(staff, "hide", job)
    job.refresh_from_db()
    assert job.hidden_at is not None
    act(staff, "unhide", job)
    job.refresh_from_db()
    assert job.hidden_at is None


def test_cancel_goes_the_way_of_the_site(staff: User, job: Job) -> None:
    act(staff, "cancel", job)
    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_who_may_only_view_cannot_act(staff: User, job: Job) -> None:
    staff.user_permissions.set(staff.user_permissions.filter(codename="view_job"))
    act(staff, "hide", job)
    job.refresh_from_db()
    assert job.hidden_at is None


def test_the_queues_dashboard_is_not_there(staff: User) -> None:
    assert signed_in(staff).get("/admin/django_rq/dashboard/").status_code in (302, 403, 404)
