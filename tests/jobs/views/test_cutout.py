"""The cutout preview: who can use it, what it returns, and that nothing is stored."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageDraw
from pytest_django import Settings

from accounts.models import User
from jobs.models import Job
from jobs.work import cutout_process
from ml.cutout_options import CutoutOptions
from reconsite.core.errors import Rejected
from tests.conftest import encoded, signed_in, stored_files

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _stop_the_process() -> Iterator[None]:
    yield
    cutout_process.shared_process.stop()


def post(client: Client, photo: bytes, **options: str) -> Any:
    return client.post(reverse("jobs:cutout"), {"photo": SimpleUploadedFile("lamp.png", photo), **options})


def test_a_photo_is_returned_with_its_cutout(owner: User, photo: bytes) -> None:
    response = post(signed_in(owner), photo)
    preview = response.json()
    assert response.status_code == 200
    assert (preview["method"], preview["scale"], preview["size"]) == ("transparency", 1.0, [200, 200])
    cutout = Image.open(io.BytesIO(base64.b64decode(preview["cutout"].split(",")[1])))
    assert cutout.mode == "RGBA"
    assert cutout.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert preview["photo"].startswith("data:image/jpeg;base64,")


def test_the_response_contains_notes_on_the_photo(owner: User, photo: bytes) -> None:
    codes = [note["code"] for note in post(signed_in(owner), photo).json()["notes"]]
    assert codes == ["own_transparency", "too_small", "drawing"]


def square() -> bytes:
    """A picture whose opaque part is a rectangle, as of a photo in a frame."""
    picture = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    picture.paste((0, 160, 60, 255), (60, 40, 140, 160))
    picture.paste((160, 0, 60, 255), (80, 60, 120, 100))
    return encoded(picture)


def test_the_choice_of_the_mask_is_followed(owner: User) -> None:
    client = signed_in(owner)
    assert post(client, square(), mask="alpha").json()["method"] == "transparency"
    kept = post(client, square(), remove_background="false").json()
    assert (kept["method"], kept["notes"][0]["code"]) == ("none", "transparency_ignored")


def test_the_object_at_the_given_point_is_shown(owner: User) -> None:
    two = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    ImageDraw.Draw(two).ellipse((20, 40, 140, 160), fill=(200, 40, 30, 255))
    ImageDraw.Draw(two).ellipse((200, 60, 280, 140), fill=(30, 60, 180, 255))
    preview = post(signed_in(owner), encoded(two), subject="0.8,0.5").json()
    cutout = Image.open(io.BytesIO(base64.b64decode(preview["cutout"].split(",")[1])))
    assert cutout.getchannel("A").getbbox() == pytest.approx((200, 60, 281, 141), abs=2)
    assert any(note["message"].endswith("The one you chose is used.") for note in preview["notes"])


@pytest.mark.parametrize("options", [{"mask": "best"}, {"subject": "2,0"}, {"subject": "left"}])
def test_a_bad_choice_is_400(owner: User, photo: bytes, options: dict[str, str]) -> None:
    assert post(signed_in(owner), photo, **options).status_code == 400


def test_nothing_is_stored(owner: User, photo: bytes) -> None:
    post(signed_in(owner), photo)
    assert stored_files() == []
    assert not Job.objects.exists()


def test_anonymous_gets_401(client: Client, photo: bytes) -> None:
    assert post(client, photo).status_code == 401


def test_a_request_from_another_site_is_403(owner: User, photo: bytes) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner)
    assert post(strict, photo).status_code == 403


@pytest.mark.parametrize(("data", "status"), [(b"no picture", 415), (b"", 400)])
def test_a_bad_photo_is_rejected_with_a_message(owner: User, data: bytes, status: int) -> None:
    response = post(signed_in(owner), data)
    assert response.status_code == status
    assert response.json()["errors"][0]["detail"].endswith(".")


def test_a_file_over_the_limit_is_413(owner: User, photo: bytes, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 100
    assert post(signed_in(owner), photo).status_code == 413


def test_a_busy_server_responds_with_429_and_retry_after(
    owner: User, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.views.cutout.shared_process.cut", reject)
    response = post(signed_in(owner), photo)
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def reject(data: bytes, options: CutoutOptions) -> None:
    raise Rejected("preview_busy")
