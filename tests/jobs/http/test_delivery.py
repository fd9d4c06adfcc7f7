"""Files are sent whole, in ranges, or not at all."""

import asyncio
import hashlib
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from jobs.http.delivery import deliver
from jobs.models import Artifact, Job

pytestmark = pytest.mark.django_db

DATA = bytes(range(256)) * 3000


@pytest.fixture
def artifact(job: Job) -> Artifact:
    """A video of 768,000 bytes."""
    key = default_storage.save(f"jobs/{job.pk}/run/render.mp4", ContentFile(DATA))
    digest = hashlib.sha256(DATA).hexdigest()
    return Artifact.objects.create(job=job, name="render.mp4", file=key, size=len(DATA), sha256=digest)


def get(artifact: Artifact, query: str = "", **headers: str) -> Any:
    return deliver(RequestFactory().get(f"/{query}", headers=headers), artifact)


def body(response: Any) -> bytes:
    """The bytes that a client receives."""
    if isinstance(response, HttpResponse):
        return response.content
    assert isinstance(response, StreamingHttpResponse)

    async def collect() -> bytes:
        return b"".join([chunk async for chunk in response])

    return asyncio.run(collect())


def test_a_whole_file_has_its_type_and_length(artifact: Artifact) -> None:
    response = get(artifact)
    assert (response.status_code, response["Content-Type"]) == (200, "video/mp4")
    assert response["Content-Length"] == str(len(DATA))
    assert body(response) == DATA


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=767000-", 767000, 767999),
        ("bytes=-10", 767990, 767999),
        ("bytes=5-9999999", 5, 767999),
    ],
)
def test_a_range_request_returns_only_that_range(artifact: Artifact, header: str, first: int, last: int) -> None:
    response = get(artifact, range=header)
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(DATA)}"
    assert body(response) == DATA[first : last + 1]


@pytest.mark.parametrize("header", ["bytes=800000-", "bytes=9-3", "bytes=-"])
def test_a_range_outside_the_file_is_416(artifact: Artifact, header: str) -> None:
    response = get(artifact, range=header)
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(DATA)}"


def test_an_unchanged_file_is_not_sent_again(artifact: Artifact) -> None:
    response = get(artifact, **{"if-none-match": f'"{artifact.sha256}"'})
    assert response.status_code == 304
    assert body(response) == b""


def test_a_file_is_shown_inline_or_downloaded_on_request(artifact: Artifact) -> None:
    assert get(artifact)["Content-Disposition"].startswith("inline")
    assert get(artifact, "?download=1")["Content-Disposition"] == 'attachment; filename="lamp-render.mp4"'


def test_a_title_cannot_inject_headers(artifact: Artifact) -> None:
    artifact.job.title = 'x"; filename="evil.html\r\nSet-Cookie: a=b'
    value = get(artifact, "?download=1")["Content-Disposition"]
    assert value == 'attachment; filename="x-filenameevilhtml-set-cookie-ab-render.mp4"'


def test_a_file_cannot_run_scripts_and_is_not_cached_publicly(artifact: Artifact) -> None:
    response = get(artifact)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Cache-Control"].startswith("private")


def test_nginx_sends_the_file_if_it_is_configured(artifact: Artifact, settings: Settings) -> None:
    settings.ACCEL_REDIRECT_PREFIX = "/_private"
    response = get(artifact)
    assert response["X-Accel-Redirect"] == f"/_private/{artifact.file.name}"
    assert body(response) == b""
