"""Files of a job by token and by signed link: list, ranges, ETag, ZIP, formats."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from accounts.core import tokens
from accounts.models import ApiToken, User
from jobs.core import moderation, services, sharing
from jobs.models import Job
from tests.conftest import api_of
from tests.jobs.downloads import content_of, zip_of
from tests.jobs.models import FILE_NAMES, finish

pytestmark = pytest.mark.django_db

JOBS = "/api/v1/jobs/"


@pytest.fixture
def finished(job: Job) -> Job:
    return finish(job)


def links(user: User, job: Job) -> dict[str, str]:
    """The paths of the signed links."""
    found = api_of(user).post(f"{JOBS}{job.pk}/links/").data["files"]
    return {name: urlsplit(url).path for name, url in found.items()}


def bearer(user: User, **options: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {tokens.create(user, 'test', **options)[1]}"}


def test_the_zip_comes_by_token_too(finished: Job, owner: User) -> None:
    response = Client(headers=bearer(owner, scope=ApiToken.Scope.READ)).get(f"{JOBS}{finished.pk}/archive/")
    assert response["Content-Type"] == "application/zip"
    assert len(zip_of(response).namelist()) == len(FILE_NAMES)


@pytest.mark.parametrize("path", ["archive/", "files/", "files/mesh.glb/"])
def test_files_are_for_the_owner_and_moderators(
    finished: Job, owner: User, stranger: User, staff: User, path: str
) -> None:
    url = f"{JOBS}{finished.pk}/{path}"
    assert [api_of(user).get(url).status_code for user in (owner, staff, stranger, None)] == [200, 200, 404, 401]


def test_a_job_without_files_has_no_zip(job: Job, owner: User) -> None:
    assert api_of(owner).get(f"{JOBS}{job.pk}/archive/").status_code == 404


def test_the_public_zip_has_only_public_files(finished: Job) -> None:
    sharing.publish(finished)
    names = {name.split("/")[1] for name in zip_of(Client().get(f"/api/v1/explore/{finished.pk}/archive/")).namelist()}
    assert "lamp.glb" in names
    assert not names & {"cutout.png", "scene.npz", "report.json"}


def test_a_file_is_sent_whatever_the_client_accepts(finished: Job, owner: User) -> None:
    headers = {**bearer(owner), "accept": "model/gltf-binary"}
    assert Client(headers=headers).get(f"{JOBS}{finished.pk}/files/mesh.glb/").status_code == 200
    assert Client(headers=headers).get(f"{JOBS}{finished.pk}/files/no.glb/").status_code == 404


def test_ranges_and_etags(finished: Job, owner: User) -> None:
    url = f"{JOBS}{finished.pk}/files/mesh.glb/"
    part = api_of(owner).get(url, headers={"range": "bytes=0-3"})
    assert (part.status_code, content_of(part), part["Content-Range"]) == (206, b"mesh", "bytes 0-3/8")
    assert api_of(owner).get(url, headers={"if-none-match": part["ETag"]}).status_code == 304
    outside = api_of(owner).get(url, headers={"range": "bytes=99-"})
    assert (outside.status_code, outside["Content-Type"]) == (416, "application/problem+json")
    assert outside["Content-Range"] == "bytes */8"


def test_the_list_can_be_limited_to_a_format(finished: Job, owner: User) -> None:
    def names(name: str) -> list[str]:
        return [file["name"] for file in api_of(owner).get(f"{JOBS}{finished.pk}/files/?format={name}").data]

    assert names("obj") == ["mesh.mtl", "mesh.obj"]
    assert api_of(owner).get(f"{JOBS}{finished.pk}/files/?format=exe").status_code == 400


def test_a_signed_link_needs_no_header(finished: Job, owner: User) -> None:
    found = links(owner, finished)
    assert set(found) == set(FILE_NAMES)
    response = Client().get(found["mesh.obj"], headers={"range": "bytes=0-3"})
    assert (response.status_code, content_of(response)) == (206, b"mesh")
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert found["mesh.mtl"] == found["mesh.obj"].replace("mesh.obj", "mesh.mtl")  # relative references work


@pytest.mark.parametrize(("minutes", "status"), [(14, 200), (16, 404)])
def test_a_signed_link_works_for_a_quarter_of_an_hour(
    finished: Job, owner: User, monkeypatch: pytest.MonkeyPatch, minutes: int, status: int
) -> None:
    url, then = links(owner, finished)["mesh.glb"], time.time() + 60 * minutes
    monkeypatch.setattr("django.core.signing.time.time", lambda: then)
    assert Client().get(url).status_code == status


ENDS: list[Callable[[Job, User], object]] = [
    lambda job, staff: services.delete(job.pk),
    lambda job, staff: moderation.hide(staff, job, "Rude."),
    lambda job, staff: moderation.ban(staff, job.owner, "Spam."),
]


@pytest.mark.parametrize("end", ENDS)
def test_a_signed_link_ends_with_its_creators_access(
    finished: Job, owner: User, staff: User, end: Callable[[Job, User], object]
) -> None:
    url = links(owner, finished)["mesh.glb"]
    end(finished, staff)
    assert Client().get(url).status_code == 404


def test_a_changed_link_is_worth_nothing(finished: Job, owner: User) -> None:
    token = links(owner, finished)["mesh.glb"].split("/")[-2]
    for wrong in (token[:-1], token[::-1], f"x{token}", "x"):
        assert Client().get(f"/api/v1/links/{wrong}/mesh.glb").status_code == 404


def test_only_who_may_see_a_job_gets_links(finished: Job, stranger: User) -> None:
    url = f"{JOBS}{finished.pk}/links/"
    assert [api_of(user).post(url).status_code for user in (stranger, None)] == [404, 401]
