"""The pages, for the owner, a stranger and anonymous visitors."""

import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from jobs.core import transitions, worker_heartbeat
from jobs.core.transitions import Writer
from jobs.models import Artifact, Job, State
from reconsite.core.errors import MESSAGES
from tests.conftest import in_state, signed_in

pytestmark = pytest.mark.django_db

LISTS = ["jobs:upload", "jobs:gallery", "jobs:history"]
ACTIONS = ["cancel", "retry", "delete"]


def page(job: Job) -> str:
    return reverse("jobs:detail", args=[job.pk])


@pytest.mark.parametrize("name", LISTS)
def test_anonymous_visitors_are_asked_to_sign_in(client: Client, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", LISTS)
def test_a_new_user_can_open_every_list(owner: User, name: str) -> None:
    assert signed_in(owner).get(reverse(name)).status_code == 200


def test_the_upload_page_works_without_scripts(owner: User, photo: bytes) -> None:
    form = {"photo": SimpleUploadedFile("lamp.png", photo), "quality": "draft", "idempotency_key": "k"}
    response = signed_in(owner).post(reverse("jobs:upload"), form)
    assert response["Location"] == page(Job.objects.get())


def test_a_rejected_photo_shows_a_message(owner: User) -> None:
    response = signed_in(owner).post(reverse("jobs:upload"), {"photo": SimpleUploadedFile("a.png", b"no picture")})
    assert response.status_code == 415
    assert escape(MESSAGES["unsupported_type"]) in response.content.decode()


def test_the_upload_page_says_that_no_worker_is_running(owner: User) -> None:
    browser = signed_in(owner)
    assert "no worker" in browser.get(reverse("jobs:upload")).content.decode().lower()
    worker_heartbeat.record("w")
    assert "no worker is" not in browser.get(reverse("jobs:upload")).content.decode().lower()


@pytest.mark.parametrize("state", list(State))
def test_a_job_has_a_page_in_every_state(job: Job, owner: User, state: State) -> None:
    in_state(job, state)
    assert "Lamp" in signed_in(owner).get(page(job)).content.decode()


def test_a_failed_job_says_why_and_offers_a_retry(job: Job, owner: User) -> None:
    in_state(job, State.FAILED)
    html = signed_in(owner).get(page(job)).content.decode()
    assert "No object was found in the photo." in html
    assert reverse("jobs:retry", args=[job.pk]) in html


def test_a_stranger_gets_404_everywhere(job: Job, stranger: User) -> None:
    browser = signed_in(stranger)
    assert browser.get(page(job)).status_code == 404
    assert browser.get(reverse("jobs:file", args=[job.pk, "mesh.glb"])).status_code == 404
    for action in ACTIONS:
        assert browser.post(reverse(f"jobs:{action}", args=[job.pk])).status_code == 404
    job.refresh_from_db()
    assert (job.state, job.deleted_at) == (State.QUEUED, None)


def test_anonymous_visitors_can_do_nothing(job: Job, client: Client) -> None:
    for url in [page(job), reverse("jobs:file", args=[job.pk, "mesh.glb"])]:
        assert client.get(url)["Location"].startswith("/accounts/login/")
    for action in ACTIONS:
        assert client.post(reverse(f"jobs:{action}", args=[job.pk]))["Location"].startswith("/accounts/login/")


def test_a_get_request_changes_nothing(job: Job, owner: User) -> None:
    browser = signed_in(owner)
    assert browser.get(reverse("jobs:cancel", args=[job.pk])).status_code == 405
    assert browser.get(reverse("jobs:delete", args=[job.pk])).status_code == 200
    job.refresh_from_db()
    assert (job.state, job.deleted_at) == (State.QUEUED, None)


def test_the_owner_cancels_retries_and_deletes(job: Job, owner: User) -> None:
    browser = signed_in(owner)
    browser.post(reverse("jobs:cancel", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    browser.post(reverse("jobs:retry", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == State.QUEUED
    browser.post(reverse("jobs:delete", args=[job.pk]))
    assert not Job.objects.visible().exists()


@pytest.mark.parametrize(
    ("code", "first"),
    [("no_subject", "Use another photo"), ("unreadable_image", "Use another photo"), ("worker_lost", "Try again")],
)
def test_the_most_promising_action_comes_first_after_a_failure(job: Job, owner: User, code: str, first: str) -> None:
    token = transitions.claim(job.pk, worker="w")
    transitions.fail(job.pk, code, writer=Writer.WORKER, token=token)
    html = signed_in(owner).get(page(job)).content.decode()
    primary = re.search(r'btn-primary"[^>]*>(?:<svg.*?</svg>)?([^<]+)<', html)
    assert primary is not None
    assert primary[1] == first
    assert "Use another photo" in html
    assert "Try again" in html


def test_a_title_is_escaped(owner: User, submit: Callable[..., Job]) -> None:
    job = submit(title="<script>alert(1)</script>")
    html = signed_in(owner).get(page(job)).content.decode()
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;" in html


def test_the_gallery_shows_finished_jobs_and_the_history_all(owner: User, submit: Callable[..., Job]) -> None:
    in_state(submit(title="Done lamp"), State.SUCCEEDED)
    in_state(submit(title="Broken lamp"), State.FAILED)
    browser = signed_in(owner)
    gallery = browser.get(reverse("jobs:gallery")).content.decode()
    history = browser.get(reverse("jobs:history")).content.decode()
    assert ("Done lamp" in gallery, "Broken lamp" in gallery) == (True, False)
    assert ("Done lamp" in history, "Broken lamp" in history) == (True, True)


@pytest.mark.parametrize("name", ["jobs:gallery", "jobs:history"])
def test_a_list_needs_a_constant_number_of_queries(
    owner: User,
    submit: Callable[..., Job],
    settings: Settings,
    name: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    settings.MAX_ACTIVE_JOBS = 100
    for _ in range(12):
        in_state(submit(), State.SUCCEEDED)
    browser = signed_in(owner)
    browser.get(reverse(name))  # the first visit also notes the session
    with django_assert_max_num_queries(8):
        browser.get(reverse(name))


def test_the_result_page_links_to_each_file(job: Job, owner: User) -> None:
    in_state(job, State.SUCCEEDED)
    for name in ("mesh.glb", "mesh.stl", "render_000.png"):
        Artifact.objects.create(job=job, name=name, file=f"jobs/{job.pk}/run/{name}", size=1, sha256="0" * 64)
    html = signed_in(owner).get(page(job)).content.decode()
    for name in ("mesh.glb", "mesh.stl"):
        assert f"{reverse('jobs:file', args=[job.pk, name])}?download=1" in html
    assert reverse("jobs:file", args=[job.pk, "render_000.png"]) in html
    assert "mesh.obj?download" not in html
