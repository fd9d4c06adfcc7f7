"""Remix, rename, tags, publish, share and search through the API: owner, stranger, staff, anonymous."""

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
from tests.conftest import api_of, in_state, with_files

pytestmark = pytest.mark.django_db

JOBS = "/api/v1/jobs/"


def one(job: Job, act: str = "") -> str:
    return reverse("api:job-detail", args=[job.pk]) + act


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.data["errors"][0]["code"]


@pytest.fixture
def finished(submit: Callable[..., Job]) -> Job:
    """A result with all that a remix needs."""
    return with_files(submit(engine="compact"), files.SCENE, files.INPUT, files.REPORT, files.CUTOUT, files.GLB)


ACTS = [
    ("patch", ""),
    ("post", "remix/"),
    ("post", "publish/"),
    ("delete", "publish/"),
    ("post", "share/"),
    ("delete", "share/"),
]


@pytest.mark.parametrize(("method", "act"), ACTS)
def test_nobody_but_the_owner_acts(finished: Job, stranger: User, staff: User, method: str, act: str) -> None:
    asked = [getattr(api_of(user), method)(one(finished, act), {}).status_code for user in (stranger, staff, None)]
    assert asked == [404, 404, 401]
    finished.refresh_from_db()
    assert (finished.published_at, finished.title, finished.remixes.count()) == (None, "Lamp", 0)
    assert not finished.share_links.exists()


def test_a_remix_is_a_new_job_with_other_numbers(finished: Job, owner: User) -> None:
    wanted = {"quality": "high", "faces": 2000, "formats": ["stl"]}
    answer = api_of(owner).post(one(finished, "remix/"), wanted)
    assert (answer.status_code, answer.data["parent"], answer.data["state"]) == (201, finished.pk, "queued")
    assert answer["Location"] == answer.data["urls"]["self"] != one(finished)
    recipe = answer.data["recipe"]
    assert [recipe[name] for name in ("quality", "faces", "formats", "engine")] == ["high", 2000, ["stl"], "compact"]


def test_null_leaves_a_number_to_the_quality(submit: Callable[..., Job], owner: User) -> None:
    parent = with_files(submit(faces=2000, grid=64), files.SCENE)
    recipe = api_of(owner).post(one(parent, "remix/"), {"faces": None}).data["recipe"]
    assert (recipe["faces"], recipe["grid"]) == (None, 64)


def test_the_same_key_makes_one_remix(finished: Job, owner: User) -> None:
    asked = [api_of(owner).post(one(finished, "remix/"), {}, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in asked] == [201, 200]
    other = api_of(owner).post(one(finished, "remix/"), {"quality": "high"}, headers={"Idempotency-Key": "k"})
    assert code_of(other) == (409, "idempotency_conflict")


@pytest.mark.parametrize("wrong", [{"engine": "triposr"}, {"sides": ["back"]}, {"faces": 1}, {"background": "red"}])
def test_what_needs_the_photo_or_is_out_of_bounds_is_refused(finished: Job, owner: User, wrong: dict[str, Any]) -> None:
    assert api_of(owner).post(one(finished, "remix/"), wrong).status_code == 400
    assert not finished.remixes.exists()


def test_a_job_without_its_scene_or_not_finished_is_no_source(finished: Job, job: Job, owner: User) -> None:
    assert code_of(api_of(owner).post(one(job, "remix/"), {})) == (409, "wrong_state")
    finished.artifacts.get(name=files.SCENE).delete()
    assert code_of(api_of(owner).post(one(finished, "remix/"), {})) == (409, "source_missing")


def test_title_and_tags_are_changed_together_or_not_at_all(job: Job, owner: User) -> None:
    answer = api_of(owner).patch(one(job), {"title": " Red  lamp ", "tags": ["Home", "red"]})
    assert (answer.data["title"], answer.data["tags"]) == ("Red lamp", ["home", "red"])
    refused = api_of(owner).patch(one(job), {"title": "Other", "tags": ["x" * 31]})
    assert code_of(refused) == (400, "tag_too_long")
    assert refused.data["errors"][0]["attr"] == "tags"
    job.refresh_from_db()
    assert job.title == "Red lamp"
    assert api_of(owner).patch(one(job), {"tags": []}).data["tags"] == []


@pytest.mark.parametrize("title", ["", "  ", "x" * 101])
def test_a_bad_title_is_refused(job: Job, owner: User, title: str) -> None:
    answer = api_of(owner).patch(one(job), {"title": title})
    assert (answer.status_code, answer.data["errors"][0]["attr"]) == (400, "title")


def test_fields_of_the_server_are_not_changed_by_a_patch(job: Job, owner: User) -> None:
    api_of(owner).patch(one(job), {"state": "succeeded", "published_at": "2020-01-01", "parent": str(job.pk)})
    job.refresh_from_db()
    assert (job.state, job.published_at, job.parent_id) == (State.QUEUED, None, None)


def test_publishing_shows_it_to_everybody_until_it_is_taken_back(finished: Job, owner: User) -> None:
    assert api_of(owner).post(one(finished, "publish/")).data["published_at"]
    assert access.job_for_public(finished.pk) == finished
    assert api_of(owner).delete(one(finished, "publish/")).status_code == 204
    assert access.job_for_public(finished.pk) is None


@pytest.mark.parametrize("act", ["publish/", "share/"])
def test_only_a_finished_job_is_shown(job: Job, owner: User, act: str) -> None:
    assert code_of(api_of(owner).post(one(job, act))) == (409, "wrong_state")


def test_the_secret_link_is_absolute_and_for_the_owner_alone(finished: Job, owner: User, staff: User) -> None:
    url = api_of(owner).post(one(finished, "share/")).data["url"]
    assert url.startswith(f"{site.SITE_URL}/s/")
    assert access.job_by_share(url.split("/")[-2]) == finished
    assert api_of(owner).get(one(finished)).data["share_url"] == url
    assert api_of(staff).get(one(finished)).data["share_url"] is None


def test_a_revoked_link_is_gone(finished: Job, owner: User) -> None:
    url = api_of(owner).post(one(finished, "share/")).data["url"]
    assert api_of(owner).delete(one(finished, "share/")).status_code == 204
    assert access.job_by_share(url.split("/")[-2]) is None
    assert api_of(owner).get(one(finished)).data["share_url"] is None
    assert api_of(owner).post(one(finished, "share/")).data["url"] != url


def test_links_are_not_made_without_end(finished: Job, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"share": "2/min"})
    assert [api_of(owner).post(one(finished, "share/")).status_code for _ in range(3)] == [200, 200, 429]
    assert api_of(owner).delete(one(finished, "share/")).status_code == 204


def test_a_remix_counts_against_the_rate_of_submits(
    finished: Job, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"submit": "1/min"})
    assert [api_of(owner).post(one(finished, "remix/"), {}).status_code for _ in range(2)] == [201, 429]


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
    api_of(owner).patch(one(chair), {"tags": ["wood"]})
    services.cancel(chair.pk)
    assert [job["title"] for job in api_of(owner).get(f"{JOBS}?{query}").data["results"]] == titles


@pytest.mark.parametrize("query", ["sort=size", "state=lost"])
def test_an_unknown_order_or_state_is_refused(owner: User, query: str) -> None:
    assert api_of(owner).get(f"{JOBS}?{query}").status_code == 400


def test_shots_tell_where_each_photo_was_taken(finished: Job, owner: User) -> None:
    camera = {"elevation": 0.0, "azimuth": 180.0, "distance": 1.9, "fov": 40.0}
    shots = [{"file": "cutout.png", "side": "back", "camera": camera}]
    Job.objects.update(report={"shots": shots, "notes": ["Said."]})
    answer = api_of(owner).get(one(finished)).data
    assert (answer["shots"], answer["notes"]) == (shots, ["Said."])


def test_files_that_are_whole_are_listed_while_it_runs(job: Job, owner: User, tmp_path: Path) -> None:
    in_state(job, State.RUNNING)
    assert job.lease_token
    (tmp_path / files.CUTOUT).write_bytes(b"early")
    artifacts.store_early(job, job.lease_token, tmp_path / files.CUTOUT)
    (listed,) = api_of(owner).get(one(job)).data["files"]
    assert (listed["name"], listed["title"]) == (files.CUTOUT, "The object without its background")
    assert api_of(owner).get(listed["url"]).status_code == 200
