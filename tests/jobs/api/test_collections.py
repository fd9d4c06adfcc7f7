"""The collections API: owner, stranger, staff and nobody at all."""

from __future__ import annotations

from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from jobs.core import collections
from jobs.models import Collection, Job
from tests.conftest import api_of
from tests.jobs.models import create_models

pytestmark = pytest.mark.django_db

COLLECTIONS = "/api/v1/collections/"


@pytest.fixture
def models(owner: User) -> list[str]:
    """The ids of three finished models of the owner."""
    create_models(owner, 3)
    return [str(job.pk) for job in Job.objects.order_by("title")]


@pytest.fixture
def client(owner: User) -> APIClient:
    """The owner's client."""
    return api_of(owner)


@pytest.fixture
def path(client: APIClient, models: list[str]) -> str:
    """Of a collection of all three."""
    created = client.post(COLLECTIONS, {"title": "Shop", "jobs": models})
    assert created.status_code == 201
    return f"{COLLECTIONS}{created.json()['id']}/"


def jobs_in(client: APIClient, path: str) -> list[str]:
    return [item["job"] for item in client.get(path).json()["jobs"]]


def test_a_collection_is_created_listed_and_read(client: APIClient, path: str, models: list[str]) -> None:
    listed = client.get(COLLECTIONS).json()
    assert listed["count"] == 1
    row = listed["results"][0]
    assert (row["title"], row["visibility"], row["model_count"], row["visible_count"]) == ("Shop", "private", 3, 0)
    assert row["share_url"] is None
    assert jobs_in(client, path) == models
    assert client.get(path).json()["jobs"][0]["title"] == "Model 00000"


def test_its_page_is_shared_and_its_models_follow_by_choice(client: APIClient, path: str, models: list[str]) -> None:
    shared = client.patch(path, {"visibility": "public", "title": "Our shop"}).json()
    assert (shared["title"], shared["visibility"], shared["visible_count"]) == ("Our shop", "public", 0)
    followed = client.patch(f"{path}jobs/{models[0]}/", {"follows_collection": True}).json()
    assert followed["visible_count"] == 1
    assert [item["follows_collection"] for item in followed["jobs"]] == [True, False, False]
    assert api_of(None).get(shared["share_url"].removeprefix("http://localhost:8000")).status_code == 200


def test_models_are_ordered_removed_and_added(client: APIClient, path: str, models: list[str]) -> None:
    ordered = client.post(f"{path}order/", {"jobs": models[::-1]}).json()
    assert [item["job"] for item in ordered["jobs"]] == models[::-1]
    assert client.delete(f"{path}jobs/{models[1]}/").status_code == 204
    assert jobs_in(client, path) == [models[2], models[0]]
    added = client.post(f"{path}jobs/", {"jobs": [models[1]], "follows_collection": True}).json()
    assert [(item["job"], item["follows_collection"]) for item in added["jobs"]][-1] == (models[1], True)


def test_the_list_of_jobs_is_limited_to_a_collection(client: APIClient, path: str, models: list[str]) -> None:
    client.delete(f"{path}jobs/{models[1]}/")
    of_collection = client.get("/api/v1/jobs/", {"collection": path.split("/")[-2], "sort": "title"}).json()
    assert [job["id"] for job in of_collection["results"]] == [models[0], models[2]]
    assert client.get("/api/v1/jobs/", {"collection": str(uuid4())}).json()["count"] == 0


def test_a_stranger_finds_no_jobs_through_the_owners_collection(path: str, stranger: User) -> None:
    found = api_of(stranger).get("/api/v1/jobs/", {"collection": path.split("/")[-2]})
    assert found.json()["count"] == 0


def test_it_is_deleted_and_its_models_stay(client: APIClient, path: str) -> None:
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert Job.objects.count() == 3


@pytest.mark.parametrize("who", ["stranger", "staff", None])
def test_nobody_else_reads_or_changes_it(
    who: str | None, path: str, models: list[str], request: pytest.FixtureRequest
) -> None:
    other, status = api_of(request.getfixturevalue(who) if who else None), 404 if who else 401
    requests = [
        other.get(path),
        other.patch(path, {"visibility": "public"}),
        other.post(f"{path}jobs/", {"jobs": []}),
        other.patch(f"{path}jobs/{models[0]}/", {"follows_collection": True}),
        other.delete(f"{path}jobs/{models[0]}/"),
        other.post(f"{path}order/", {"jobs": models}),
        other.delete(path),
    ]
    assert [response.status_code for response in requests] == [status] * 7
    assert Collection.objects.get().visibility == "private"


def test_a_stranger_cannot_add_the_owners_models_to_a_collection(models: list[str], stranger: User) -> None:
    rejected = api_of(stranger).post(COLLECTIONS, {"title": "Mine", "jobs": models[:1]})
    assert rejected.status_code == 400
    assert rejected.json()["errors"][0]["attr"] == "jobs"
    assert not Collection.objects.exists()


def test_rejections_name_the_field(client: APIClient, path: str, job: Job) -> None:
    untitled = client.patch(path, {"title": "\u200b"})
    assert (untitled.status_code, untitled.json()["code"]) == (400, "collection_title_missing")
    assert client.patch(path, {"visibility": "friends"}).json()["errors"][0]["attr"] == "visibility"
    unfinished = client.post(f"{path}jobs/", {"jobs": [str(job.pk)]})
    assert (unfinished.status_code, unfinished.json()["code"]) == (409, "wrong_state")
    assert client.patch(f"{path}jobs/{uuid4()}/", {"follows_collection": True}).status_code == 404
    assert client.get(COLLECTIONS, {"colour": "red"}).json()["code"] == "unknown_parameter"


def test_a_collection_that_cannot_be_filled_is_not_created(client: APIClient, job: Job) -> None:
    assert client.post(COLLECTIONS, {"title": "Shop", "jobs": [str(job.pk)]}).status_code == 409
    assert not Collection.objects.exists()


def test_an_unchanged_collection_is_not_sent_again(client: APIClient, path: str) -> None:
    etag = client.get(path)["ETag"]
    assert client.get(path, headers={"if-none-match": etag}).status_code == 304
    collections.set_follows(Collection.objects.get(), True)
    assert client.get(path, headers={"if-none-match": etag}).status_code == 200
