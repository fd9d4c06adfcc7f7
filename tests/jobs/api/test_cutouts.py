"""Cutouts before the job: made, looked at, edited, used in a job, and gone after an hour."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from accounts.data.deletion import delete_account
from accounts.models import User
from jobs.core import cutouts
from jobs.models import Cutout, Job
from jobs.work import cutout_process
from tests.conftest import api_of, encoded, picture, stored_files

pytestmark = pytest.mark.django_db

CUTOUTS = "/api/v1/cutouts/"


@pytest.fixture(scope="module", autouse=True)
def _stop_the_process() -> Iterator[None]:
    yield
    cutout_process.shared_process.stop()


def create(user: User | None, photo: bytes, **options: Any) -> Any:
    form = {"photo": SimpleUploadedFile("lamp.png", photo), **options}
    return api_of(user).post(CUTOUTS, form, format="multipart")


@pytest.fixture
def cutout(owner: User, photo: bytes) -> Cutout:
    response = create(owner, photo, mask="alpha")
    assert response.status_code == 201
    return Cutout.objects.get()


def picture_of(user: User, cutout: Cutout, name: str = "picture") -> Image.Image:
    response = api_of(user).get(f"{CUTOUTS}{cutout.pk}/{name}/", headers={"accept": "image/*"})
    return Image.open(io.BytesIO(response.content))


def put_mask(user: User, cutout: Cutout, data: bytes) -> Any:
    form = {"mask": SimpleUploadedFile("mask.png", data)}
    return api_of(user).put(f"{CUTOUTS}{cutout.pk}/mask/", form, format="multipart")


def submit(user: User, **form: Any) -> Any:
    return api_of(user).post("/api/v1/jobs/", {"quality": "draft", **form}, format="multipart")


def test_a_photo_is_cut_out_and_kept_for_an_hour(owner: User, cutout: Cutout) -> None:
    found = api_of(owner).get(f"{CUTOUTS}{cutout.pk}/").data
    assert (found["width"], found["height"], found["method"], found["is_edited"]) == (200, 200, "transparency", False)
    assert {note["code"] for note in found["notes"]} >= {"own_transparency", "too_small"}
    assert timedelta(minutes=59) < cutout.expires_at - timezone.now() <= timedelta(hours=1)
    assert picture_of(owner, cutout).getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert picture_of(owner, cutout, "photo").size == (200, 200)


def test_a_job_uses_the_cutout_as_it_was_shown(owner: User, cutout: Cutout) -> None:
    response = submit(owner, cutout=str(cutout.pk), title="Lamp")
    assert (response.status_code, response.data["recipe"]["mask"]) == (202, "alpha")
    assert Job.objects.get().photos.count() == 1


def test_further_photos_come_after_the_cutout(owner: User, cutout: Cutout) -> None:
    other = SimpleUploadedFile("back.png", encoded(picture(100)))
    assert submit(owner, cutout=str(cutout.pk), photo=[other]).status_code == 202
    assert [photo.width for photo in Job.objects.get().photos.all()] == [200, 100]


def test_an_edited_mask_is_the_outline_of_the_job(owner: User, cutout: Cutout) -> None:
    mask = Image.new("L", (200, 200), 0)
    mask.paste(255, (50, 50, 150, 150))
    response = put_mask(owner, cutout, encoded(mask))
    assert (response.status_code, response.data["is_edited"]) == (200, True)
    edited = picture_of(owner, cutout)
    assert [edited.getpixel(place)[3] for place in ((60, 60), (10, 10))] == [255, 0]  # type: ignore[index]
    assert submit(owner, cutout=str(cutout.pk)).data["recipe"]["mask"] == "alpha"


def test_the_transparency_of_a_mask_counts(owner: User, cutout: Cutout) -> None:
    mask = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    mask.paste((0, 0, 0, 255), (0, 0, 100, 200))
    assert put_mask(owner, cutout, encoded(mask)).status_code == 200
    assert [picture_of(owner, cutout).getpixel(place)[3] for place in ((10, 10), (190, 10))] == [255, 0]  # type: ignore[index]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [(encoded(Image.new("L", (100, 200))), 400, "mask_size"), (b"nonsense", 415, "unsupported_type")],
)
def test_an_odd_mask_is_rejected(owner: User, cutout: Cutout, data: bytes, status: int, code: str) -> None:
    response = put_mask(owner, cutout, data)
    assert (response.status_code, response.data["code"]) == (status, code)
    assert not Cutout.objects.get().is_edited


@pytest.mark.parametrize(("data", "status"), [(b"nonsense", 415), (b"", 400)])
def test_a_bad_photo_leaves_nothing(owner: User, data: bytes, status: int) -> None:
    assert create(owner, data).status_code == status
    assert stored_files() == []


def test_a_cutout_is_for_its_owner_alone(owner: User, stranger: User, staff: User, cutout: Cutout) -> None:
    for method, path in (("get", ""), ("get", "picture/"), ("get", "photo/"), ("put", "mask/"), ("delete", "")):
        url = f"{CUTOUTS}{cutout.pk}/{path}"
        statuses = [getattr(api_of(user), method)(url).status_code for user in (stranger, staff, None)]
        assert statuses == [404, 404, 401], path
    rejected = submit(stranger, cutout=str(cutout.pk))
    assert (rejected.status_code, rejected.data["code"]) == (400, "cutout_missing")
    assert create(None, b"x").status_code == 401


def test_an_expired_cutout_is_gone(owner: User, cutout: Cutout) -> None:
    assert cutouts.delete_expired() == 0
    Cutout.objects.update(expires_at=timezone.now())
    assert api_of(owner).get(f"{CUTOUTS}{cutout.pk}/").status_code == 404
    assert submit(owner, cutout=str(cutout.pk)).data["code"] == "cutout_missing"
    assert cutouts.delete_expired() == 1
    assert stored_files() == []


ENDS: list[Callable[[User, Cutout], object]] = [
    lambda owner, cutout: api_of(owner).delete(f"{CUTOUTS}{cutout.pk}/"),
    lambda owner, cutout: delete_account(owner),
]


@pytest.mark.parametrize("end", ENDS)
def test_a_deleted_cutout_leaves_no_file(owner: User, cutout: Cutout, end: Callable[[User, Cutout], object]) -> None:
    assert len(stored_files()) == 3
    end(owner, cutout)
    assert stored_files() == []
    assert not Cutout.objects.exists()


def test_another_cutout_replaces_the_oldest(
    owner: User, photo: bytes, cutout: Cutout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutouts, "MAX_CUTOUTS", 1)
    assert create(owner, photo).status_code == 201
    assert not Cutout.objects.filter(pk=cutout.pk).exists()
    assert Cutout.objects.count() == 1


def test_a_job_needs_a_photo_or_a_cutout(owner: User) -> None:
    response = submit(owner)
    assert (response.status_code, response.data["errors"][0]["attr"]) == (400, "photo")
