"""A job whose files are in a bucket: from the photo to the download, and while the bucket does not respond."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from jobs.core import services, storage
from jobs.models import Artifact, Job, State
from jobs.work import patience, reconciler, runner
from reconsite.core.checks import storage_is_usable
from reconsite.core.stored import StorageUnavailable
from tests import s3
from tests.conftest import api_of, signed_in, stored_files
from tests.jobs.work.test_runner import Pipeline, pipeline, writes_two_files

__all__ = ["pipeline"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running S3 server."""
    with s3.server(tmp_path_factory.mktemp("s3") / "log") as url:
        yield url


@pytest.fixture
def bucket(address: str, settings: Settings) -> str:
    """A new bucket that the site uses."""
    name = s3.new_bucket(address)
    settings.STORAGES = s3.storages(s3.url_of(address, name))
    return name


@pytest.fixture
def done(bucket: str, submit: Callable[..., Job], pipeline: Callable[[Pipeline], None]) -> Job:
    """A finished job in the bucket."""
    pipeline(writes_two_files)
    return run(submit())


def run(job: Job) -> Job:
    runner.run(str(job.pk))
    job.refresh_from_db()
    return job


def fetch(url: str, **headers: str) -> tuple[int, bytes, Any]:
    """What a browser gets from an address."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as response:
            return response.status, response.read(), response.headers
    except HTTPError as error:
        return error.code, b"", error.headers


def test_a_run_stores_its_files_in_the_bucket(done: Job) -> None:
    assert done.state == State.SUCCEEDED
    names = [str(row.file) for row in done.artifacts.all()]
    assert stored_files() == sorted([f"jobs/{done.pk}/photo.png", *names])
    for row in done.artifacts.all():
        assert storage.read_whole(str(row.file), row.sha256) == row.name.encode()


def test_nothing_is_public(done: Job, bucket: str, address: str) -> None:
    url = storage.backend().link(f"jobs/{done.pk}/photo.png", content_type="image/png", disposition="inline")
    assert "X-Amz-Signature=" in url
    assert "X-Amz-Expires=900" in url
    assert "ACL" not in storage.backend()._get_write_parameters("photo.png")  # type: ignore[attr-defined]


def test_a_browser_is_sent_to_a_signed_link(done: Job, owner: User) -> None:
    response = signed_in(owner).get(f"/jobs/{done.pk}/files/mesh.glb?download=1")
    assert response.status_code == 302
    assert (response["Cache-Control"], response.has_header("ETag")) == ("private, max-age=300", False)
    status, body, headers = fetch(response["Location"])
    assert (status, body) == (200, b"mesh.glb")
    assert headers["Content-Type"] == "model/gltf-binary"
    assert headers["Content-Disposition"] == 'attachment; filename="lamp.glb"'
    assert fetch(response["Location"], Range="bytes=0-3")[:2] == (206, b"mesh")


def test_a_stranger_gets_no_link(done: Job, stranger: User) -> None:
    assert signed_in(stranger).get(f"/jobs/{done.pk}/files/mesh.glb").status_code == 404


def test_the_site_can_send_the_files_itself(done: Job, owner: User, settings: Settings) -> None:
    settings.STORAGE_REDIRECT = False
    address = f"/api/v1/jobs/{done.pk}/files/mesh.glb/"
    whole, part = api_of(owner).get(address), api_of(owner).get(address, headers={"range": "bytes=5-7"})
    assert (whole.status_code, b"".join(whole)) == (200, b"mesh.glb")
    assert (part.status_code, b"".join(part), part["Content-Range"]) == (206, b"glb", "bytes 5-7/8")


def test_the_photo_is_sent_by_the_site(done: Job, owner: User) -> None:
    response = signed_in(owner).get(f"/jobs/{done.pk}/photos/0/")
    assert response.content.startswith(b"\x89PNG")


def test_a_deleted_job_leaves_nothing(done: Job) -> None:
    services.delete(done.pk)
    assert stored_files() == []


def test_the_sweep_deletes_what_no_row_refers_to(done: Job, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = stored_files()
    lost = f"jobs/{done.pk}/5c7ff51a-8a3c-4f0c-a77c-06c7c9a1b2d3/mesh.glb"
    orphan = "jobs/5c7ff51a-8a3c-4f0c-a77c-06c7c9a1b2d3/photo.png"
    for key in (lost, orphan):
        storage.backend()._put(key, b"x")  # type: ignore[attr-defined]
    assert reconciler.sweep() == 0
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(hours=2))
    assert reconciler.sweep() == 2
    assert stored_files() == kept


def test_a_damaged_photo_is_not_used(bucket: str, submit: Callable[..., Job], pipeline: Any) -> None:
    pipeline(writes_two_files)
    job = submit()
    storage.backend()._put(f"jobs/{job.pk}/photo.png", b"damaged")  # type: ignore[attr-defined]
    assert run(job).failure_code == "photo_missing"


def test_a_run_waits_for_a_bucket_that_is_away_for_a_moment(
    bucket: str, submit: Callable[..., Job], pipeline: Callable[[Pipeline], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline(writes_two_files)
    monkeypatch.setattr(patience, "STORAGE_RETRY_SECONDS", 0)
    job, move_in, failures = submit(), storage.backend().move_in, [503, 503]

    def fails_twice(files: Any) -> list[str]:
        if failures:
            raise StorageUnavailable(str(failures.pop()))
        return move_in(files)

    monkeypatch.setattr(type(storage.backend()._wrapped), "move_in", lambda self, files: fails_twice(files))  # type: ignore[attr-defined]
    assert run(job).state == State.SUCCEEDED
    assert (job.run, Artifact.objects.filter(job=job).count()) == (1, 2)


def test_a_job_is_given_back_when_the_bucket_stays_away(
    bucket: str,
    submit: Callable[..., Job],
    pipeline: Callable[[Pipeline], None],
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    pipeline(writes_two_files)
    monkeypatch.setattr(patience, "STORAGE_SECONDS", 0)
    monkeypatch.setattr(patience, "STORAGE_RETRY_SECONDS", 0)
    job = submit()
    settings.STORAGES = s3.storages(s3.url_of("http://127.0.0.1:9", bucket))
    assert run(job).state == State.QUEUED
    assert (job.run, job.restarts) == (2, 0)


def test_a_request_is_told_to_come_back(bucket: str, job: Job, owner: User, settings: Settings, photo: bytes) -> None:
    settings.STORAGES = s3.storages(s3.url_of("http://127.0.0.1:9", bucket))
    recipe = json.dumps({"quality": "draft"})
    from django.core.files.uploadedfile import SimpleUploadedFile

    body = {"photo": SimpleUploadedFile("lamp.png", photo, "image/png"), "recipe": recipe}
    client = api_of(owner)
    client.raise_request_exception = False
    response = client.post("/api/v1/jobs/", body, format="multipart")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("s3://nowhere?endpoint={address}", "There is no bucket “nowhere” at {address}."),
        ("s3://{bucket}?endpoint=http://127.0.0.1:9", "The storage at http://127.0.0.1:9 cannot be used"),
    ],
)
def test_a_wrong_storage_stops_the_start(
    bucket: str, address: str, settings: Settings, url: str, sentence: str
) -> None:
    url = url.format(address=address, bucket=bucket).replace("s3://", "s3://key:secret@")
    settings.STORAGES = s3.storages(url)
    (error,) = storage_is_usable()
    assert error.msg.startswith(sentence.format(address=address))
    assert "\n" not in error.msg


def test_nginx_cannot_send_what_is_in_a_bucket(bucket: str, settings: Settings) -> None:
    assert storage_is_usable() == []
    settings.ACCEL_REDIRECT_PREFIX = "/_private"
    assert [error.id for error in storage_is_usable()] == ["reconsite.E009"]
