"""Bad photos get a 4xx with a clear message, and nothing is stored."""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import Settings

from accounts.models import User
from jobs.models import Job
from ml.notes import note, notes_to_json
from tests.conftest import api_of, encoded, picture, stored_files

pytestmark = pytest.mark.django_db


def bomb(side: int) -> bytes:
    """A PNG of a few bytes whose header claims side² pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


BAD: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "empty": (lambda: b"", 400, "empty_file"),
    "text": (lambda: b"this is not a picture", 415, "unsupported_type"),
    "svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", 415, "unsupported_type"),
    "pdf": (lambda: b"%PDF-1.7\n" + b"x" * 500, 415, "unsupported_type"),
    "tiff": (lambda: encoded(picture(), "TIFF"), 415, "unsupported_type"),
    "half a jpeg": (lambda: _noise()[:4000], 400, "unreadable_image"),
    "magic alone": (lambda: b"\xff\xd8\xff", 400, "unreadable_image"),
    "bomb": (lambda: bomb(20_000), 413, "too_large"),
    "tiny": (lambda: encoded(picture(16)), 400, "too_small"),
}


def _noise() -> bytes:
    pixels = np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    return encoded(Image.fromarray(pixels), "JPEG")


def send(user: User, data: bytes, name: str = "photo.jpg") -> tuple[int, str, str]:
    """Status, code and message."""
    response = api_of(user).post("/api/v1/jobs/", {"photo": SimpleUploadedFile(name, data)}, format="multipart")
    (error,) = response.json()["errors"]
    return response.status_code, error["code"], error["detail"]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_photo_is_rejected_with_a_message(owner: User, name: str) -> None:
    make, status, code = BAD[name]
    rejection = send(owner, make())
    assert rejection[:2] == (status, code)
    assert rejection[2].endswith(".")
    assert not Job.objects.exists()
    assert stored_files() == []


def test_a_photo_over_the_size_limit_is_rejected(owner: User, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    status, code, message = send(owner, b"\xff\xd8\xff" + b"x" * 2000)
    assert (status, code) == (413, "too_large")
    assert "MB" in message
    assert stored_files() == []


def test_a_body_far_over_the_limit_is_rejected_before_parsing(owner: User, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    status, code, _ = send(owner, b"x" * 200_000)
    assert (status, code) == (413, "too_large")


def test_a_request_without_a_photo_is_rejected(owner: User) -> None:
    response = api_of(owner).post("/api/v1/jobs/", {"quality": "draft"}, format="multipart")
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "photo")


def test_far_too_many_files_are_rejected_like_a_few_too_many(owner: User) -> None:
    photos = [SimpleUploadedFile(f"{number}.png", b"x") for number in range(11)]
    response = api_of(owner).post("/api/v1/jobs/", {"photo": photos}, format="multipart")
    (error,) = response.json()["errors"]
    assert (response.status_code, error["code"], error["attr"]) == (400, "too_many_photos", "photo")


def test_far_too_many_fields_are_a_parse_error(owner: User) -> None:
    response = api_of(owner).post("/api/v1/jobs/", {"formats": ["glb"] * 60}, format="multipart")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "parse_error")


def test_a_photo_without_an_object_is_rejected_before_the_queue(owner: User, settings: Settings) -> None:
    settings.SUBJECT_CHECK_SECONDS = 60.0
    grey = encoded(Image.new("RGB", (64, 64), (128, 128, 128)), "PNG")
    assert send(owner, grey)[:2] == (422, "no_subject")
    assert not Job.objects.exists()


def test_json_instead_of_a_form_is_rejected(owner: User) -> None:
    assert api_of(owner).post("/api/v1/jobs/", {"photo": "aGk="}, format="json").status_code == 415


def _animated() -> bytes:
    frames = [Image.new("RGB", (64, 64), color) for color in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def test_the_first_frame_of_an_animation_is_used_and_noted(owner: User) -> None:
    form = {"photo": SimpleUploadedFile("a.gif", _animated())}
    response = api_of(owner).post("/api/v1/jobs/", form, format="multipart")
    assert response.status_code == 202
    assert response.json()["notes"] == notes_to_json([note("animated")])


@pytest.mark.parametrize(
    "data",
    [
        encoded(picture(mode="L"), "JPEG"),
        encoded(picture(mode="P"), "PNG"),
        encoded(picture(mode="RGB").convert("CMYK"), "JPEG"),
        encoded(Image.fromarray((np.arange(4096, dtype=np.uint16) * 16).reshape(64, 64)), "PNG"),
        encoded(picture(), "WEBP"),
    ],
    ids=["grey", "palette", "cmyk", "16-bit", "webp"],
)
def test_unusual_but_valid_images_are_accepted(owner: User, data: bytes) -> None:
    response = api_of(owner).post("/api/v1/jobs/", {"photo": SimpleUploadedFile("a", data)}, format="multipart")
    assert response.status_code == 202
