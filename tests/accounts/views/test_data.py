"""Export your data; delete the account."""

import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.core import tokens
from accounts.models import User
from jobs.models import Artifact, Job, State
from tests.conftest import PASSWORD, in_state, make_user, signed_in, stored_files
from tests.jobs.downloads import zip_of

pytestmark = pytest.mark.django_db

DATA, DELETE = "/accounts/data/", "/accounts/delete/"


@pytest.fixture(autouse=True)
def clear_rate_limits() -> None:
    cache.clear()


def finish(job: Job) -> Job:
    """The job, succeeded, with one result file in storage."""
    in_state(job, State.SUCCEEDED)
    key = default_storage.save(f"jobs/{job.pk}/run/mesh.glb", ContentFile(b"glTF"))
    Artifact.objects.create(job=job, name="mesh.glb", file=key, size=4, sha256="0" * 64)
    return job


@pytest.fixture
def finished(job: Job) -> Job:
    return finish(job)


def exported(user: User) -> zipfile.ZipFile:
    return zip_of(signed_in(user).post(DATA))


def read(archive: zipfile.ZipFile, name: str) -> Any:
    return json.loads(archive.read(name))


def test_the_export_contains_account_jobs_photos_and_results(owner: User, finished: Job) -> None:
    archive = exported(owner)
    assert set(archive.namelist()) == {
        "account.json",
        "jobs.json",
        f"{finished.pk}/photo.png",
        f"{finished.pk}/mesh.glb",
    }
    assert archive.read(f"{finished.pk}/mesh.glb") == b"glTF"
    assert read(archive, "account.json")["email"] == owner.email
    [job] = read(archive, "jobs.json")
    assert (job["title"], job["recipe"]["quality"]) == ("Lamp", "draft")
    assert [event["state"] for event in job["events"]] == ["queued", "running", "succeeded"]


def test_the_export_contains_no_secrets(owner: User) -> None:
    _, text = tokens.create(owner, "phone")
    account = exported(owner).read("account.json").decode()
    assert "phone" in account
    assert text[:15] not in account
    assert "password" not in account


def test_the_export_contains_nothing_of_others(stranger: User, finished: Job) -> None:
    assert exported(stranger).namelist() == ["account.json", "jobs.json"]


def test_the_files_of_a_hidden_job_are_not_exported(owner: User, finished: Job) -> None:
    Job.objects.update(hidden_at=timezone.now())
    archive = exported(owner)
    assert archive.namelist() == ["account.json", "jobs.json"]
    assert len(read(archive, "jobs.json")) == 1


def delete(user: User, password: str = PASSWORD) -> Client:
    client = signed_in(user)
    client.post(DELETE, {"password": password})
    return client


def test_the_page_says_what_will_be_deleted(owner: User, finished: Job) -> None:
    Job.objects.update(published_at=timezone.now())
    html = signed_in(owner).get(DELETE).content.decode()
    assert "1 job with all photos" in html
    assert "1 published model, which will no longer be visible" in html


def test_a_deleted_account_leaves_no_row_and_no_file(owner: User, finished: Job, submit: Callable[..., Job]) -> None:
    submit()
    tokens.create(owner, "phone")
    client = delete(owner)
    assert not User.objects.exists()
    assert not Job.objects.exists()
    assert not UserSession.objects.exists()
    assert stored_files() == []
    assert client.get("/models/").status_code == 302


def test_the_tokens_of_a_deleted_account_stop_working(owner: User) -> None:
    _, text = tokens.create(owner, "phone")
    delete(owner)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    assert client.get("/api/v1/jobs/").status_code == 401


def test_a_running_job_is_deleted_too(owner: User, job: Job) -> None:
    in_state(job, State.RUNNING)
    delete(owner)
    assert not Job.objects.exists()
    assert stored_files() == []


def test_other_accounts_are_not_affected(
    owner: User, stranger: User, finished: Job, submit: Callable[..., Job]
) -> None:
    theirs = finish(submit(user=stranger))
    delete(owner)
    assert list(Job.objects.all()) == [theirs]
    assert len(stored_files()) == 2


def test_a_wrong_password_deletes_nothing(owner: User, finished: Job) -> None:
    response = signed_in(owner).post(DELETE, {"password": "not-the-word"})
    assert response.status_code == 400
    assert "Wrong password." in response.content.decode()
    assert Job.objects.exists()


def test_guessing_the_password_is_rate_limited(owner: User) -> None:
    client = signed_in(owner)
    tries = [client.post(DELETE, {"password": f"guess-{number}"}).status_code for number in range(11)]
    assert tries == [400] * 10 + [429]


def test_the_email_can_sign_up_again(owner: User) -> None:
    delete(owner)
    assert make_user("owner").pk


@pytest.mark.parametrize("url", [DATA, DELETE])
def test_anonymous_visitors_must_sign_in(client: Client, url: str) -> None:
    assert client.post(url).status_code == 302
