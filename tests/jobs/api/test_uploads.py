"""Resumable uploads (tus 1.0.0): begun, continued, checked, used in a job or cutout, and gone after a day."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import Settings
from rest_framework.throttling import UserRateThrottle

from accounts.data.deletion import delete_account
from accounts.models import User
from jobs.core import uploads
from jobs.models import Job, Upload
from jobs.work import cutout_process
from reconsite.core.errors import Rejected
from tests.conftest import api_of, encoded, picture, stored_files

pytestmark = pytest.mark.django_db

UPLOADS = "/api/v1/uploads/"
PART = "application/offset+octet-stream"


@pytest.fixture(scope="module", autouse=True)
def _stop_the_process() -> Iterator[None]:
    yield
    cutout_process.shared_process.stop()


def create(user: User | None, length: object, name: str = "lamp.png", **headers: str) -> Any:
    metadata = f"filename {base64.b64encode(name.encode()).decode()}"
    return api_of(user).post(
        UPLOADS, headers={"upload-length": str(length), "upload-metadata": metadata, "tus-resumable": "1.0.0"} | headers
    )


def add(user: User | None, upload: Upload, data: bytes, offset: object, **headers: str) -> Any:
    all_headers = {"upload-offset": str(offset), "tus-resumable": "1.0.0"} | headers
    return api_of(user).patch(f"{UPLOADS}{upload.pk}/", data, content_type=PART, headers=all_headers)


def started(owner: User, length: int) -> Upload:
    assert create(owner, length).status_code == 201
    return Upload.objects.latest("created_at")


def complete(owner: User, data: bytes) -> Upload:
    upload = started(owner, len(data))
    assert add(owner, upload, data, 0).status_code == 204
    return upload


def submit(user: User, **form: Any) -> Any:
    return api_of(user).post("/api/v1/jobs/", {"quality": "draft", **form}, format="multipart")


def test_the_server_says_what_it_supports() -> None:
    response = api_of(None).options(UPLOADS)
    assert response.status_code == 204
    assert (response["Tus-Version"], response["Tus-Extension"]) == (
        "1.0.0",
        "creation,termination,expiration,checksum",
    )
    assert response["Tus-Checksum-Algorithm"].split(",")[0] == "sha1"
    limits = api_of(None).get("/api/v1/server/").json()["limits"]
    assert int(response["Tus-Max-Size"]) == limits["photo_bytes"]


def test_a_photo_arrives_in_parts_and_becomes_a_job(owner: User, photo: bytes) -> None:
    response = create(owner, len(photo), "my lamp.png")
    assert (response.status_code, response["Tus-Resumable"], response["Upload-Offset"]) == (201, "1.0.0", "0")
    upload = Upload.objects.get()
    assert response["Location"] == f"{UPLOADS}{upload.pk}/"
    first = add(owner, upload, photo[:100], 0)
    assert (first.status_code, first["Upload-Offset"], first.content) == (204, "100", b"")
    state = api_of(owner).head(f"{UPLOADS}{upload.pk}/")
    assert (state["Upload-Offset"], state["Upload-Length"], state["Cache-Control"]) == (
        "100",
        str(len(photo)),
        "no-store",
    )
    assert "Upload-Expires" in state
    assert add(owner, upload, photo[100:], 100)["Upload-Offset"] == str(len(photo))
    assert api_of(owner).get(f"{UPLOADS}{upload.pk}/").json()["is_complete"] is True
    job = submit(owner, upload=[str(upload.pk)])
    assert (job.status_code, job.data["title"]) == (202, "my lamp")
    assert Job.objects.get().photos.get().sha256 == hashlib.sha256(photo).hexdigest()


def test_uploads_come_before_photos_and_after_the_cutout(owner: User, photo: bytes) -> None:
    cutout = api_of(owner).post(
        "/api/v1/cutouts/", {"upload": str(complete(owner, photo).pk), "mask": "alpha"}, format="multipart"
    )
    assert cutout.status_code == 201
    second = complete(owner, encoded(picture(120)))
    third = SimpleUploadedFile("back.png", encoded(picture(100)))
    assert submit(owner, cutout=cutout.data["id"], upload=[str(second.pk)], photo=[third]).status_code == 202
    assert [row.width for row in Job.objects.get().photos.all()] == [200, 120, 100]


def test_a_cutout_takes_either_a_photo_or_an_upload(owner: User) -> None:
    response = api_of(owner).post("/api/v1/cutouts/", {}, format="multipart")
    assert (response.status_code, response.data["errors"][0]["attr"]) == (400, "photo")


def test_a_lost_response_does_not_send_the_job_twice(owner: User, photo: bytes) -> None:
    upload = complete(owner, photo)
    client = api_of(owner)
    form = {"quality": "draft", "upload": [str(upload.pk)]}
    answers = [
        client.post("/api/v1/jobs/", form, format="multipart", headers={"idempotency-key": "k"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 200]
    upload.refresh_from_db()
    assert upload.expires_at <= timezone.now() + uploads.USED_LIFETIME


@pytest.mark.parametrize("offset", [0, 50, 151])
def test_a_part_begins_where_the_upload_ends(owner: User, offset: int) -> None:
    upload = started(owner, 200)
    add(owner, upload, b"a" * 100, 0)
    response = add(owner, upload, b"b", offset)
    assert (response.status_code, response.data["code"]) == (409, "offset_conflict")
    upload.refresh_from_db()
    assert upload.offset == 100


def test_more_than_announced_is_rejected_and_never_stored(owner: User) -> None:
    upload = started(owner, 10)
    add(owner, upload, b"12345", 0)
    for data in (b"123456", b"1" * 1000):
        response = add(owner, upload, data, 5)
        assert (response.status_code, response.data["code"]) == (413, "too_large")
    assert add(owner, upload, b"67890", 5).status_code == 204
    assert uploads.photos(owner, [upload.pk]) == [(b"1234567890", "lamp.png")]


def test_the_same_part_sent_twice_at_once_is_stored_once(owner: User) -> None:
    upload = started(owner, 4)
    other = Upload.objects.get()
    uploads.append(upload, 0, b"ab")
    with pytest.raises(Rejected, match="another length"):
        uploads.append(other, 0, b"ab")
    add(owner, upload, b"cd", 2)
    assert uploads.photos(owner, [upload.pk]) == [(b"abcd", "lamp.png")]
    assert len(stored_files()) == 2


def test_an_upload_in_crumbs_is_rejected(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_PARTS", 2)
    upload = started(owner, 4)
    statuses = [add(owner, upload, b"a", offset).status_code for offset in range(3)]
    assert statuses == [204, 204, 413]


def checksum(name: str, data: bytes) -> str:
    return f"{name} {base64.b64encode(hashlib.new(name, data).digest()).decode()}"


@pytest.mark.parametrize("name", uploads.CHECKSUMS)
def test_a_damaged_part_is_rejected(owner: User, name: str) -> None:
    upload = started(owner, 4)
    response = add(owner, upload, b"abXd", 0, **{"upload-checksum": checksum(name, b"abcd")})
    assert (response.status_code, response.data["code"]) == (460, "checksum_mismatch")
    assert add(owner, upload, b"abcd", 0, **{"upload-checksum": checksum(name, b"abcd")}).status_code == 204


@pytest.mark.parametrize("value", ["md5 AAAA", "sha1", "sha1 %%%", "nonsense"])
def test_an_odd_checksum_is_rejected(owner: User, value: str) -> None:
    response = add(owner, started(owner, 4), b"abcd", 0, **{"upload-checksum": value})
    assert response.status_code in (400, 460)
    assert Upload.objects.get().offset == 0


@pytest.mark.parametrize(
    ("length", "status", "code"),
    [(0, 400, "empty_file"), (2000, 413, "too_large"), ("", 400, "required"), ("-1", 400, "invalid"),
     ("9" * 30, 400, "invalid"), ("٣", 400, "invalid")],
)  # fmt: skip
def test_an_odd_length_is_rejected(settings: Settings, owner: User, length: object, status: int, code: str) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    response = create(owner, length)
    assert (response.status_code, response.data["code"]) == (status, code)
    assert not Upload.objects.exists()


def test_odd_headers_are_rejected(owner: User) -> None:
    upload = started(owner, 4)
    assert create(owner, 4, **{"upload-metadata": "filename %%%"}).status_code == 400
    assert add(owner, upload, b"abcd", "x").status_code == 400
    other_version = add(owner, upload, b"abcd", 0, **{"tus-resumable": "0.2.2"})
    assert (other_version.status_code, other_version["Tus-Version"]) == (412, "1.0.0")
    as_json = api_of(owner).patch(f"{UPLOADS}{upload.pk}/", {}, headers={"upload-offset": "0"}, format="json")
    assert as_json.status_code == 415
    assert Upload.objects.get().offset == 0


def test_an_upload_is_for_its_owner_alone(owner: User, stranger: User, staff: User, photo: bytes) -> None:
    upload = complete(owner, photo)
    url = f"{UPLOADS}{upload.pk}/"
    for method in ("get", "head", "delete"):
        assert [getattr(api_of(user), method)(url).status_code for user in (stranger, staff, None)] == [404, 404, 401]
    assert [add(user, upload, b"x", 0).status_code for user in (stranger, staff, None)] == [404, 404, 401]
    assert create(None, 10).status_code == 401
    rejected = submit(stranger, upload=[str(upload.pk)])
    assert (rejected.status_code, rejected.data["code"]) == (400, "upload_missing")


def test_an_incomplete_upload_makes_no_job(owner: User, photo: bytes) -> None:
    upload = started(owner, len(photo))
    response = submit(owner, upload=[str(upload.pk)])
    assert (response.status_code, response.data["code"]) == (409, "upload_incomplete")
    assert not Job.objects.exists()


def test_uploads_count_as_storage(settings: Settings, owner: User) -> None:
    settings.QUOTA_MB = 1
    assert create(owner, 700_000).status_code == 201
    response = create(owner, 700_000)
    assert (response.status_code, response.data["code"]) == (403, "quota_exceeded")


def test_a_full_disk_is_reported(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.core.storage.free_bytes", lambda: 0)
    client = api_of(owner)
    client.raise_request_exception = False
    response = client.post(UPLOADS, headers={"upload-length": "10"})
    assert (response.status_code, response.json()["code"]) == (507, "storage_full")


def test_another_upload_replaces_the_oldest(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_UPLOADS", 2)
    first = complete(owner, b"abc")
    started(owner, 3), started(owner, 3)
    assert not Upload.objects.filter(pk=first.pk).exists()
    assert Upload.objects.count() == 2
    assert stored_files() == []


def test_new_uploads_are_limited(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"upload": "1/hour"})
    cache.clear()
    answers = [create(owner, 10) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 429]
    assert answers[0]["RateLimit-Limit"] == "1"


def test_an_expired_upload_is_gone(owner: User, photo: bytes) -> None:
    upload = complete(owner, photo)
    assert timedelta(hours=23) < Upload.objects.get().expires_at - timezone.now() <= uploads.LIFETIME
    assert uploads.delete_expired() == 0
    Upload.objects.update(expires_at=timezone.now())
    assert api_of(owner).get(f"{UPLOADS}{upload.pk}/").status_code == 404
    assert submit(owner, upload=[str(upload.pk)]).data["code"] == "upload_missing"
    assert uploads.delete_expired() == 1
    assert stored_files() == []


ENDS: list[Callable[[User, Upload], object]] = [
    lambda owner, upload: api_of(owner).delete(f"{UPLOADS}{upload.pk}/"),
    lambda owner, upload: delete_account(owner),
]


@pytest.mark.parametrize("end", ENDS)
def test_a_deleted_upload_leaves_no_file(owner: User, photo: bytes, end: Callable[[User, Upload], object]) -> None:
    upload = complete(owner, photo)
    assert len(stored_files()) == 1
    end(owner, upload)
    assert stored_files() == []
    assert not Upload.objects.exists()
