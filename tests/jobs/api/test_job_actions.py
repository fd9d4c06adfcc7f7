"""Remix, rename, tag, publish, share and search in the API, for owner, stranger, staff and anonymous."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.core.cache import cache
from django.urls import reverse
from rest_framework.throttling import ScopedRateThrottle

from accounts.models import User
from jobs.core import access, artifacts, services
from jobs.models import Job, State
from ml import files
from ml.notes import note, notes_to_json
from tests.conftest import api_of, in_state, with_files

pytestmark = pytest.mark.django_db

JOBS = "/api/v1/jobs/"


def job_url(job: Job, path: str = "") -> str:
    return reverse("api:job-detail", args=[job.pk]) + path


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.data["errors"][0]["code"]


@pytest.fixture
def finished(submit: Callable[..., Job]) -> Job:
    """A finished job with everything that a remix needs."""
    return with_files(submit(engine="compact"), files.SCENE, files.INPUT, files.REPORT, files.CUTOUT, files.GLB)


ACTIONS = [
    ("patch", ""),
    ("post", "remix/"),
    ("post", "publish/"),
    ("delete", "publish/"),
    ("post", "share/"),
    ("delete", "share/"),
]


@pytest.mark.parametrize(("method", "path"), ACTIONS)
def test_only_the_owner_can_change_a_job(finished: Job, stranger: User, staff: User, method: str, path: str) -> None:
    statuses = [
        getattr(api_of(user), method)(job_url(finished, path), {}).status_code for user in (stranger, staff, None)
    ]
    assert statuses == [404, 404, 401]
    finished.refresh_from_db()
    assert (finished.published_at, finished.title, finished.remixes.count()) == (None, "Lamp", 0)
    assert not finished.share_links.exists()


def test_a_remix_is_a_new_job_with_other_settings(finished: Job, owner: User) -> None:
    settings = {"quality": "high", "faces": 2000, "formats": ["stl"]}
    response = api_of(owner).post(job_url(finished, "remix/"), settings)
    assert (response.status_code, response.data["parent"], response.data["state"]) == (202, finished.pk, "queued")
    assert response["Location"] == response.data["urls"]["self"] != job_url(finished)
    recipe = response.data["recipe"]
    assert [recipe[name] for name in ("quality", "faces", "formats", "engine")] == ["high", 2000, ["stl"], "compact"]


def test_null_means_the_default_of_the_quality(submit: Callable[..., Job], owner: User) -> None:
    parent = with_files(submit(faces=2000, grid=64), files.SCENE)
    recipe = api_of(owner).post(job_url(parent, "remix/"), {"faces": None}).data["recipe"]
    assert (recipe["faces"], recipe["grid"]) == (None, 64)


def test_the_same_key_creates_one_remix(finished: Job, owner: User) -> None:
    responses = [
        api_of(owner).post(job_url(finished, "remix/"), {}, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert [response.status_code for response in responses] == [202, 200]
    other = api_of(owner).post(job_url(finished, "remix/"), {"quality": "high"}, headers={"Idempotency-Key": "k"})
    assert code_of(other) == (409, "idempotency_conflict")


@pytest.mark.parametrize("wrong", [{"engine": "triposr"}, {"sides": ["back"]}, {"faces": 1}, {"background": "red"}])
def test_an_invalid_remix_setting_is_rejected(finished: Job, owner: User, wrong: dict[str, Any]) -> None:
    assert api_of(owner).post(job_url(finished, "remix/"), wrong).status_code == 400
    assert not finished.remixes.exists()


def test_only_a_finished_job_with_its_scene_can_be_remixed(finished: Job, job: Job, owner: User) -> None:
    assert code_of(api_of(owner).post(job_url(job, "remix/"), {})) == (409, "wrong_state")
    finished.artifacts.get(name=files.SCENE).delete()
    assert code_of(api_of(owner).post(job_url(finished, "remix/"), {})) == (409, "source_missing")


def test_title_and_tags_are_changed_together_or_not_at_all(job: Job, owner: User) -> None:
    response = api_of(owner).patch(job_url(job), {"title": " Red  lamp ", "tags": ["Home", "red"]})
    assert (response.data["title"], response.data["tags"]) == ("Red lamp", ["home", "red"])
    rejected = api_of(owner).patch(job_url(job), {"title": "Other", "tags": ["x" * 31]})
    assert code_of(rejected) == (400, "tag_too_long")
    assert rejected.data["errors"][0]["attr"] == "tags"
    job.refresh_from_db()
    assert job.title == "Red lamp"
    assert api_of(owner).patch(job_url(job), {"tags": []}).data["tags"] == []


@pytest.mark.parametrize("title", ["", "  ", "x" * 101])
def test_an_invalid_title_is_rejected(job: Job, owner: User, title: str) -> None:
    response = api_of(owner).patch(job_url(job), {"title": title})
    assert (response.status_code, response.data["errors"][0]["attr"]) == (400, "title")


def test_server_fields_in_a_patch_are_ignored(job: Job, owner: User) -> None:
    api_of(owner).patch(job_url(job), {"state": "succeeded", "published_at": "2020-01-01", "parent": str(job.pk)})
    job.refresh_from_db()
    assert (job.state, job.published_at, job.parent_id) == (State.QUEUED, None, None)


def test_a_published_job_is_public_until_it_is_unpublished(finished: Job, owner: User) -> None:
    assert api_of(owner).post(job_url(finished, "publish/")).data["published_at"]
    assert access.job_for_public(finished.pk) == finished
    assert api_of(owner).delete(job_url(finished, "publish/")).status_code == 204
    assert access.job_for_public(finished.pk) is None


@pytest.mark.parametrize("path", ["publish/", "share/"])
def test_only_a_finished_job_can_be_shown(job: Job, owner: User, path: str) -> None:
    assert code_of(api_of(owner).post(job_url(job, path))) == (409, "wrong_state")


def test_only_the_owner_gets_the_absolute_share_link(finished: Job, owner: User, staff: User) -> None:
    url = api_of(owner).post(job_url(finished, "share/")).data["url"]
    assert url.startswith(f"{site.SITE_URL}/s/")
    assert access.job_by_share(url.split("/")[-2]) == finished
    assert api_of(owner).get(job_url(finished)).data["share_url"] == url
    assert api_of(staff).get(job_url(finished)).data["share_url"] is None


def test_a_revoked_link_stops_working(finished: Job, owner: User) -> None:
    url = api_of(owner).post(job_url(finished, "share/")).data["url"]
    assert api_of(owner).delete(job_url(finished, "share/")).status_code == 204
    assert access.job_by_share(url.split("/")[-2]) is None
    assert api_of(owner).get(job_url(finished)).data["share_url"] is None
    assert api_of(owner).post(job_url(finished, "share/")).data["url"] != url


def test_share_links_are_rate_limited(finished: Job, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"share": "2/min"})
    assert [api_of(owner).post(job_url(finished, "share/")).status_code for _ in range(3)] == [200, 200, 429]
    assert api_of(owner).delete(job_url(finished, "share/")).status_code == 204


def test_remixes_count_towards_the_rate_limit_of_uploads(
    finished: Job, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"submit": "1/min"})
    assert [api_of(owner).post(job_url(finished, "remix/"), {}).status_code for _ in range(2)] == [202, 429]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("q=lamp", ["Red lamp", "Blue lamp"]),
        ("q=lamp&sort=oldest", ["Blue lamp", "Red lamp"]),
        ("sort=title", ["Blue lamp", "Chair", "Red lamp"]),
        ("tag=wood", ["Chair"]),
        ("state=cancelled", ["Chair"]),
        ("state=cancelled&q=lamp", []),
        ("page_size=1&page=2&sort=title", ["Chair"]),
    ],
)
def test_the_list_is_searched_sorted_and_filtered(
    owner: User, submit: Callable[..., Job], query: str, titles: list[str]
) -> None:
    submit(title="Blue lamp")
    chair = submit(title="Chair")
    submit(title="Red lamp")
    api_of(owner).patch(job_url(chair), {"tags": ["wood"]})
    services.cancel(chair.pk)
    assert [job["title"] for job in api_of(owner).get(f"{JOBS}?{query}").data["results"]] == titles


@pytest.mark.parametrize("query", ["sort=size", "state=lost"])
def test_an_unknown_order_or_state_is_rejected(owner: User, query: str) -> None:
    assert api_of(owner).get(f"{JOBS}?{query}").status_code == 400


def test_shots_contain_the_camera_of_each_photo(finished: Job, owner: User) -> None:
    camera = {"elevation": 0.0, "azimuth": 180.0, "distance": 1.9, "fov": 40.0}
    shots = [{"file": "cutout.png", "side": "back", "camera": camera}]
    Job.objects.update(report={"shots": shots, "notes": notes_to_json([note("blurred")])})
    response = api_of(owner).get(job_url(finished)).data
    assert (response["shots"][0]["camera"]["distance"], response["notes"]) == (
        1.9,
        [{"code": "blurred", "message": note("blurred").message}],
    )


def test_complete_files_are_listed_while_the_job_is_running(job: Job, owner: User, tmp_path: Path) -> None:
    in_state(job, State.RUNNING)
    assert job.lease_token
    (tmp_path / files.CUTOUT).write_bytes(b"early")
    artifacts.store_early(job, job.lease_token, tmp_path / files.CUTOUT)
    (listed,) = api_of(owner).get(job_url(job)).data["files"]
    assert (listed["name"], listed["title"]) == (files.CUTOUT, "The object without its background")
    assert api_of(owner).get(listed["url"]).status_code == 200
