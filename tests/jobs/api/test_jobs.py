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
from reconsite.core.errors import MESSAGES
from tests.conftest import api_of, encoded, in_state, picture, stored_files, with_files

pytestmark = pytest.mark.django_db

JOBS = "/api/v1/jobs/"


def upload(user: User | None, *photos: bytes, name: str = "lamp.png", key: str = "", **more: Any) -> Any:
    """POST photos as a form."""
    form = {"photo": [SimpleUploadedFile(name, data) for data in photos], "quality": "draft", **more}
    return api_of(user).post(JOBS, form, format="multipart", headers={"Idempotency-Key": key} if key else {})


def job_url(job: Job) -> str:
    return reverse("api:job-detail", args=[job.pk])


def test_a_photo_creates_a_job(owner: User, photo: bytes) -> None:
    response = upload(owner, photo, title="My lamp")
    assert response.status_code == 202
    assert (response.data["state"], response.data["title"], response.data["quality"]) == ("queued", "My lamp", "draft")
    assert response["Location"] == job_url(Job.objects.get())


def test_an_anonymous_upload_is_401(db: None, photo: bytes) -> None:
    assert upload(None, photo).status_code == 401
    assert not Job.objects.exists()


def test_the_same_key_returns_the_same_job(owner: User, photo: bytes) -> None:
    first, again = upload(owner, photo, key="k"), upload(owner, photo, key="k")
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.data["id"] == again.data["id"]


def test_the_same_key_for_other_settings_is_a_conflict(owner: User, photo: bytes) -> None:
    upload(owner, photo, key="k")
    response = upload(owner, photo, key="k", quality="high")
    assert response.status_code == 409
    assert response.data["errors"][0]["code"] == "idempotency_conflict"


def test_too_many_active_jobs_is_429(owner: User, photo: bytes, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS = 1
    upload(owner, photo)
    response = upload(owner, photo)
    assert response.status_code == 429
    assert response.data["errors"][0]["detail"] == MESSAGES["too_many_active"]
    assert len(stored_files()) == 1


def test_an_unknown_quality_is_rejected(owner: User, photo: bytes) -> None:
    response = upload(owner, photo, quality="best")
    assert response.status_code == 400
    assert response.data["errors"][0]["attr"] == "quality"


EVERY_SETTING: dict[str, Any] = {
    "engine": "compact",
    "quality": "high",
    "remove_background": False,
    "foreground_ratio": 0.7,
    "mask": "alpha",
    "subject": [0.25, 0.5],
    "grid": 64,
    "threshold": 20.0,
    "faces": 1000,
    "texture_size": 256,
    "frame_size": 128,
    "frame_count": 8,
    "elevation": -5.0,
    "height_mm": 42.0,
    "size_axis": "height",
    "base": "plate",
    "depth": 1.25,
    "relight": False,
    "largest_part": True,
    "sides": ["front", 170.0],
    "renderer": "nerf",
    "background": "#ffffff",
    "formats": ["glb", "stl"],
}


def test_several_photos_with_every_setting_create_one_job(owner: User, photo: bytes) -> None:
    response = upload(owner, photo, encoded(picture(100)), **{**EVERY_SETTING, "subject": "0.25,0.5"})
    assert response.status_code == 202
    job = Job.objects.get()
    assert job.photos.count() == 2
    assert job.recipe == response.data["recipe"] == EVERY_SETTING


def test_every_setting_of_a_recipe_can_be_sent() -> None:
    assert set(EVERY_SETTING) == set(Recipe().to_dict())


def test_settings_that_are_not_sent_have_their_defaults(owner: User, photo: bytes) -> None:
    upload(owner, photo)
    assert Job.objects.get().recipe_object() == Recipe(quality="draft")


@pytest.mark.parametrize(
    ("name", "value", "about"),
    [
        ("faces", "1", "faces"),
        ("height_mm", "1e9", "height_mm"),
        ("elevation", "nan", "elevation"),
        ("depth", "1.7", "depth"),
        ("sides", "top", "sides.0"),
        ("sides", "999", "non_field_errors"),
        ("background", "red", "non_field_errors"),
        ("formats", "exe", "formats.0"),
        ("renderer", "ray", "renderer"),
        ("title", "x" * 101, "title"),
    ],
)
def test_an_invalid_setting_is_rejected_by_name(owner: User, photo: bytes, name: str, value: str, about: str) -> None:
    response = upload(owner, photo, **{name: value})
    assert (response.status_code, response.data["errors"][0]["attr"]) == (400, about)
    assert not Job.objects.exists()
    assert stored_files() == []


@pytest.mark.parametrize(("count", "code"), [(6, "too_many_photos"), (0, "required")])
def test_one_to_five_photos_are_accepted(owner: User, photo: bytes, count: int, code: str) -> None:
    response = upload(owner, *[photo] * count)
    assert (response.status_code, response.data["errors"][0]["code"]) == (400, code)
    assert response.data["errors"][0]["attr"] == "photo"


def test_a_full_quota_is_403(owner: User, photo: bytes) -> None:
    owner.quota_mb = 0
    owner.save()
    Job.objects.filter(pk=upload(owner, photo).data["id"]).update(size=2**20)
    User.objects.update(quota_mb=1)
    response = upload(owner, photo)
    assert (response.status_code, response.data["errors"][0]["code"]) == (403, "quota_exceeded")


def test_the_list_contains_only_the_users_own_jobs(owner: User, stranger: User, submit: Callable[..., Job]) -> None:
    mine, _ = submit(), submit(stranger)
    assert [job["id"] for job in api_of(owner).get(JOBS).data["results"]] == [str(mine.pk)]


def test_the_list_needs_few_queries(
    owner: User, submit: Callable[..., Job], django_assert_max_num_queries: DjangoAssertNumQueries, settings: Settings
) -> None:
    settings.MAX_ACTIVE_JOBS = 100
    for _ in range(10):
        in_state(submit(), State.FAILED)
    with django_assert_max_num_queries(8):  # two of them for an estimate, which is kept for a while
        assert api_of(owner).get(JOBS).data["count"] == 10


@pytest.mark.parametrize("method", ["get", "delete"])
def test_another_users_job_is_404(job: Job, stranger: User, method: str) -> None:
    assert getattr(api_of(stranger), method)(job_url(job)).status_code == 404
    assert Job.objects.filter(pk=job.pk, deleted_at=None).exists()


@pytest.mark.parametrize("act", ["cancel", "retry"])
def test_nobody_can_change_another_users_job(job: Job, stranger: User, staff: User, act: str) -> None:
    for user in (stranger, staff):
        assert api_of(user).post(f"{job_url(job)}{act}/").status_code == 404
    assert api_of(None).post(f"{job_url(job)}{act}/").status_code == 401
    job.refresh_from_db()
    assert job.state == State.QUEUED


@pytest.mark.parametrize("wrong", ["5c7ff51a-8a3c-4f0c-a77c-06c7c9a1b2d3", "1", "..%2f"])
def test_a_wrong_id_is_404(owner: User, wrong: str) -> None:
    assert api_of(owner).get(f"{JOBS}{wrong}/").status_code == 404


def test_a_queued_job_is_cancelled(job: Job, owner: User) -> None:
    assert api_of(owner).post(f"{job_url(job)}cancel/").data["state"] == "cancelled"


def test_cancelling_an_ended_job_is_a_conflict(job: Job, owner: User) -> None:
    in_state(job, State.SUCCEEDED)
    response = api_of(owner).post(f"{job_url(job)}cancel/")
    assert (response.status_code, response.data["errors"][0]["code"]) == (409, "wrong_state")


def test_retry_queues_a_failed_job_again(job: Job, owner: User) -> None:
    in_state(job, State.FAILED)
    response = api_of(owner).post(f"{job_url(job)}retry/")
    assert (response.data["state"], response.data["attempt"], response.data["failure"]) == ("queued", 2, None)


def test_a_failure_has_code_and_message(job: Job, owner: User) -> None:
    in_state(job, State.FAILED)
    assert api_of(owner).get(job_url(job)).data["failure"] == {
        "code": "no_subject",
        "message": job.failure_message,
        "advice": "Use one of a single object that stands out from the background.",
        "retryable": False,
    }


def test_nothing_is_left_after_a_deletion_for_good(job: Job, owner: User) -> None:
    assert api_of(owner).delete(job_url(job)).status_code == 204
    assert api_of(owner).get(job_url(job)).status_code == 404
    assert api_of(owner).delete(f"/api/v1/bin/{job.pk}/").status_code == 204
    assert stored_files() == []


def test_server_fields_in_an_upload_are_ignored(owner: User, stranger: User, photo: bytes) -> None:
    upload(owner, photo, owner=str(stranger.pk), state="succeeded", hidden_at="2020-01-01")
    job = Job.objects.get()
    assert (job.owner, job.state, job.hidden_at) == (owner, "queued", None)


@pytest.fixture
def finished(job: Job) -> Job:
    """A finished job with one file."""
    return with_files(job, "mesh.glb")


def test_the_owner_lists_and_downloads_the_files(finished: Job, owner: User) -> None:
    (listed,) = api_of(owner).get(f"{job_url(finished)}files/").data
    assert (listed["name"], listed["content_type"], listed["download"]) == ("mesh.glb", "model/gltf-binary", True)
    response = api_of(owner).get(listed["url"])
    assert (response.status_code, response["Content-Type"]) == (200, "model/gltf-binary")


def test_a_file_is_protected_like_its_job(finished: Job, stranger: User, staff: User) -> None:
    url = reverse("api:job-file", args=[finished.pk, "mesh.glb"])
    assert [api_of(user).get(url).status_code for user in (stranger, staff, None)] == [404, 200, 401]


@pytest.mark.parametrize("name", ["mesh.stl", "settings.py", "%2e%2e/photo.png", "photo.png"])
def test_a_file_that_is_not_an_artifact_is_404(finished: Job, owner: User, name: str) -> None:
    assert api_of(owner).get(f"{job_url(finished)}files/{name}/").status_code == 404


def test_the_schema_is_public(db: None) -> None:
    assert api_of(None).get("/api/v1/schema/").status_code == 200


def test_a_job_is_sent_as_another_version(owner: User, stranger: User, job: Job, photo: bytes) -> None:
    sent = upload(owner, photo, version_of=str(job.pk)).json()
    assert (sent["version"], sent["family"]) == (2, str(job.family))
    versions = api_of(owner).get(JOBS, {"family": sent["family"]}).json()["results"]
    assert [row["version"] for row in versions] == [2, 1]
    assert upload(stranger, photo, version_of=str(job.pk)).status_code == 404
