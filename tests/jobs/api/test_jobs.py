"""The API of jobs, for the owner, a stranger, staff and anonymous."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from jobs.models import Job, State
from ml.recipe import Recipe
from tests.conftest import api_of, encoded, in_state, picture, stored_files, with_files

pytestmark = pytest.mark.django_db

JOBS = "/api/v1/jobs/"


def upload(user: User | None, *photos: bytes, name: str = "lamp.png", key: str = "", **more: Any) -> Any:
    """POST photos as a form."""
    form = {"photo": [SimpleUploadedFile(name, data) for data in photos], "quality": "draft", **more}
    return api_of(user).post(JOBS, form, format="multipart", headers={"Idempotency-Key": key} if key else {})


def one(job: Job) -> str:
    return reverse("api:job-detail", args=[job.pk])


def test_a_photo_makes_a_job(owner: User, photo: bytes) -> None:
    answer = upload(owner, photo, title="My lamp")
    assert answer.status_code == 201
    assert (answer.data["state"], answer.data["title"], answer.data["quality"]) == ("queued", "My lamp", "draft")
    assert answer["Location"] == one(Job.objects.get())


def test_anonymous_makes_none(db: None, photo: bytes) -> None:
    assert upload(None, photo).status_code == 401
    assert not Job.objects.exists()


def test_the_same_key_answers_with_the_same_job(owner: User, photo: bytes) -> None:
    first, again = upload(owner, photo, key="k"), upload(owner, photo, key="k")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.data["id"] == again.data["id"]


def test_the_same_key_for_other_settings_is_a_conflict(owner: User, photo: bytes) -> None:
    upload(owner, photo, key="k")
    answer = upload(owner, photo, key="k", quality="high")
    assert answer.status_code == 409
    assert answer.data["errors"][0]["code"] == "idempotency_conflict"


def test_too_many_jobs_at_once_is_429(owner: User, photo: bytes, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS = 1
    upload(owner, photo)
    answer = upload(owner, photo)
    assert answer.status_code == 429
    assert "Wait for one to finish" in answer.data["errors"][0]["detail"]
    assert len(stored_files()) == 1


def test_an_unknown_quality_is_refused(owner: User, photo: bytes) -> None:
    answer = upload(owner, photo, quality="best")
    assert answer.status_code == 400
    assert answer.data["errors"][0]["attr"] == "quality"


EVERY_CHOICE: dict[str, Any] = {
    "engine": "compact",
    "quality": "high",
    "remove_background": False,
    "foreground_ratio": 0.7,
    "grid": 64,
    "threshold": 20.0,
    "faces": 1000,
    "texture_size": 256,
    "frame_size": 128,
    "frame_count": 8,
    "elevation": -5.0,
    "height_mm": 42.0,
    "sides": ["front", 170.0],
    "renderer": "nerf",
    "background": "#ffffff",
    "formats": ["glb", "stl"],
}


def test_several_photos_with_every_choice_make_one_job(owner: User, photo: bytes) -> None:
    answer = upload(owner, photo, encoded(picture(100)), **EVERY_CHOICE)
    assert answer.status_code == 201
    made = Job.objects.get()
    assert made.photos.count() == 2
    assert made.recipe == answer.data["recipe"] == EVERY_CHOICE


def test_every_choice_of_a_recipe_can_be_sent() -> None:
    assert set(EVERY_CHOICE) == set(Recipe().to_dict())


def test_what_is_not_sent_is_as_the_recipe_has_it(owner: User, photo: bytes) -> None:
    upload(owner, photo)
    assert Job.objects.get().recipe_object() == Recipe(quality="draft")


@pytest.mark.parametrize(
    ("name", "value", "about"),
    [
        ("faces", "1", "faces"),
        ("height_mm", "1e9", "height_mm"),
        ("elevation", "nan", "elevation"),
        ("sides", "top", "sides.0"),
        ("sides", "999", "non_field_errors"),
        ("background", "red", "non_field_errors"),
        ("formats", "exe", "formats.0"),
        ("renderer", "ray", "renderer"),
        ("title", "x" * 101, "title"),
    ],
)
def test_a_choice_out_of_bounds_is_refused_by_name(
    owner: User, photo: bytes, name: str, value: str, about: str
) -> None:
    answer = upload(owner, photo, **{name: value})
    assert (answer.status_code, answer.data["errors"][0]["attr"]) == (400, about)
    assert not Job.objects.exists()
    assert stored_files() == []


@pytest.mark.parametrize(("count", "code"), [(6, "too_many_photos"), (0, "required")])
def test_one_to_five_photos_are_taken(owner: User, photo: bytes, count: int, code: str) -> None:
    answer = upload(owner, *[photo] * count)
    assert (answer.status_code, answer.data["errors"][0]["code"]) == (400, code)
    assert answer.data["errors"][0]["attr"] == "photo"


def test_a_full_quota_is_403(owner: User, photo: bytes) -> None:
    owner.quota_mb = 0
    owner.save()
    Job.objects.filter(pk=upload(owner, photo).data["id"]).update(size=2**20)
    User.objects.update(quota_mb=1)
    answer = upload(owner, photo)
    assert (answer.status_code, answer.data["errors"][0]["code"]) == (403, "quota_exceeded")


def test_the_list_holds_ones_own_jobs_only(owner: User, stranger: User, submit: Callable[..., Job]) -> None:
    mine, _ = submit(), submit(stranger)
    assert [job["id"] for job in api_of(owner).get(JOBS).data["results"]] == [str(mine.pk)]


def test_the_list_costs_the_same_for_one_and_for_many(
    owner: User, submit: Callable[..., Job], django_assert_max_num_queries: DjangoAssertNumQueries, settings: Settings
) -> None:
    settings.MAX_ACTIVE_JOBS = 100
    for _ in range(10):
        in_state(submit(), State.FAILED)
    with django_assert_max_num_queries(6):
        assert api_of(owner).get(JOBS).data["count"] == 10


@pytest.mark.parametrize("method", ["get", "delete"])
def test_somebody_elses_job_is_404(job: Job, stranger: User, method: str) -> None:
    assert getattr(api_of(stranger), method)(one(job)).status_code == 404
    assert Job.objects.filter(pk=job.pk, deleted_at=None).exists()


@pytest.mark.parametrize("act", ["cancel", "retry"])
def test_nobody_acts_on_somebody_elses_job(job: Job, stranger: User, staff: User, act: str) -> None:
    for user in (stranger, staff):
        assert api_of(user).post(f"{one(job)}{act}/").status_code == 404
    assert api_of(None).post(f"{one(job)}{act}/").status_code == 401
    job.refresh_from_db()
    assert job.state == State.QUEUED


@pytest.mark.parametrize("wrong", ["5c7ff51a-8a3c-4f0c-a77c-06c7c9a1b2d3", "1", "..%2f"])
def test_a_wrong_id_is_404(owner: User, wrong: str) -> None:
    assert api_of(owner).get(f"{JOBS}{wrong}/").status_code == 404


def test_cancel_stops_a_waiting_job(job: Job, owner: User) -> None:
    assert api_of(owner).post(f"{one(job)}cancel/").data["state"] == "cancelled"


def test_cancel_of_an_ended_job_is_a_conflict(job: Job, owner: User) -> None:
    in_state(job, State.SUCCEEDED)
    answer = api_of(owner).post(f"{one(job)}cancel/")
    assert (answer.status_code, answer.data["errors"][0]["code"]) == (409, "wrong_state")


def test_retry_queues_a_failed_job_again(job: Job, owner: User) -> None:
    in_state(job, State.FAILED)
    answer = api_of(owner).post(f"{one(job)}retry/")
    assert (answer.data["state"], answer.data["attempt"], answer.data["failure"]) == ("queued", 2, None)


def test_a_failure_is_told_in_code_and_sentence(job: Job, owner: User) -> None:
    in_state(job, State.FAILED)
    assert api_of(owner).get(one(job)).data["failure"] == {"code": "no_subject", "message": job.failure_message}


def test_delete_leaves_nothing(job: Job, owner: User) -> None:
    assert api_of(owner).delete(one(job)).status_code == 204
    assert api_of(owner).get(one(job)).status_code == 404
    assert stored_files() == []


def test_fields_of_the_server_cannot_be_sent(owner: User, stranger: User, photo: bytes) -> None:
    upload(owner, photo, owner=str(stranger.pk), state="succeeded", hidden_at="2020-01-01")
    made = Job.objects.get()
    assert (made.owner, made.state, made.hidden_at) == (owner, "queued", None)


@pytest.fixture
def finished(job: Job) -> Job:
    """A job with one file."""
    return with_files(job, "mesh.glb")


def test_the_owner_lists_and_downloads_the_files(finished: Job, owner: User) -> None:
    (listed,) = api_of(owner).get(f"{one(finished)}files/").data
    assert (listed["name"], listed["content_type"], listed["download"]) == ("mesh.glb", "model/gltf-binary", True)
    answer = api_of(owner).get(listed["url"])
    assert (answer.status_code, answer["Content-Type"]) == (200, "model/gltf-binary")


def test_a_file_is_no_door_around_the_job(finished: Job, stranger: User, staff: User) -> None:
    url = reverse("api:job-file", args=[finished.pk, "mesh.glb"])
    assert [api_of(user).get(url).status_code for user in (stranger, staff, None)] == [404, 200, 401]


@pytest.mark.parametrize("name", ["mesh.stl", "settings.py", "%2e%2e/photo.png", "photo.png"])
def test_a_file_that_is_no_artefact_is_404(finished: Job, owner: User, name: str) -> None:
    assert api_of(owner).get(f"{one(finished)}files/{name}/").status_code == 404


def test_the_schema_is_open(db: None) -> None:
    assert api_of(None).get("/api/v1/schema/").status_code == 200
