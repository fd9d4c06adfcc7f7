"""Photos are decoded beside the web process: within limits, a few at once, and a crash costs one photo."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from PIL import Image
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from jobs.core import photo_processes
from jobs.core.photo_processes import PhotoProcess, PhotoProcesses, pool_size
from ml.errors import ReconstructionError
from ml.photo.memory_budget import decoding_bytes
from reconsite.core.errors import Rejected
from tests.conftest import api_of, encoded

GB = 1024**3
WAIT_SECONDS = 30
"""Longer than anything here takes, so that a deadlock ends."""


@pytest.fixture
def pool() -> Iterator[PhotoProcesses]:
    """One process, which ends with the test."""
    processes = PhotoProcesses(1)
    yield processes
    for process in processes._idle:
        process._process.kill()
        process.stop()


def png_of_16_bits(side: int) -> bytes:
    """A black PNG with 16 bits per channel and alpha: small as a file, large when decoded."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 0)
    rows = zlib.compress(bytes(side * (1 + side * 8)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_memory_is_pixels_times_depth() -> None:
    assert decoding_bytes(png_of_16_bits(100)) == 100 * 100 * (8 * 2 + 4)
    assert decoding_bytes(encoded(Image.new("L", (100, 100)))) == 100 * 100 * (1 * 2 + 4)
    assert decoding_bytes(encoded(Image.new("RGB", (100, 100)), "JPEG")) == 100 * 100 * 12
    assert decoding_bytes(b"no picture") == 0


def test_a_photo_over_the_memory_budget_is_rejected(pool: PhotoProcesses, settings: Settings) -> None:
    settings.PHOTO_MEMORY_BYTES = 10_000_000
    with pytest.raises(ReconstructionError) as rejection:
        pool.decode(png_of_16_bits(1000))
    assert rejection.value.code == "too_large"


def test_the_kernel_enforces_the_budget(pool: PhotoProcesses, settings: Settings, photo: bytes) -> None:
    """A file whose header says less than decoding it takes: here a HEIC, of which only the file itself knows."""
    settings.PHOTO_MEMORY_BYTES = 4_000_000
    with pytest.raises((ReconstructionError, Rejected)):
        pool.decode(heic(900))
    settings.PHOTO_MEMORY_BYTES = GB
    assert pool.decode(photo).extension == "png"


def heic(side: int) -> bytes:
    from pillow_heif import register_heif_opener

    register_heif_opener()
    return encoded(Image.new("RGB", (side, side), "red"), "HEIF")


def test_a_photo_that_takes_too_long_ends_its_process_only(
    pool: PhotoProcesses, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_processes, "CPU_SECONDS", 0)
    large = encoded(Image.new("RGBA", (5000, 5000), (1, 2, 3, 4)), compress_level=1)
    with pytest.raises(ReconstructionError) as rejection:
        pool.decode(large)
    assert rejection.value.code == "unreadable_image"
    monkeypatch.setattr(photo_processes, "CPU_SECONDS", 10)
    assert pool.decode(photo).width == 200


def test_a_crashed_process_is_replaced(pool: PhotoProcesses, photo: bytes) -> None:
    pool.decode(photo)
    first = pool._idle[0]._process
    first.kill()
    first.wait()
    assert pool.decode(photo).extension == "png"
    assert pool._idle[0]._process.pid != first.pid


@pytest.fixture
def blocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Decoding takes until the event is set."""
    release = Event()
    monkeypatch.setattr(PhotoProcess, "decode", lambda self, data: release.wait(WAIT_SECONDS))
    yield release
    release.set()


def test_a_request_waits_for_a_free_process(pool: PhotoProcesses, blocked: Event) -> None:
    with ThreadPoolExecutor(2) as threads:
        photos = [threads.submit(pool.decode, b"") for _ in range(2)]
        blocked.set()
        assert all(photo.result(WAIT_SECONDS) for photo in photos)
    assert len(pool._idle) == 1


def test_a_request_that_waits_too_long_is_rejected(
    pool: PhotoProcesses, blocked: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_processes, "WAIT_SECONDS", 0.01)
    pool._free.acquire()  # another photo is being decoded
    with pytest.raises(Rejected) as rejection:
        pool.decode(b"")
    assert rejection.value.code == "photos_busy"


@pytest.mark.django_db
def test_a_busy_server_answers_503_with_retry_after(
    owner: User, photo: bytes, monkeypatch: pytest.MonkeyPatch, as_upload: Callable[[bytes], object]
) -> None:
    def busy(data: bytes) -> None:
        raise Rejected("photos_busy")

    monkeypatch.setattr(photo_processes.photo_processes, "decode", busy)
    client: APIClient = api_of(owner)
    client.raise_request_exception = False  # a 5xx is reported as an error
    response = client.post("/api/v1/jobs/", {"photo": as_upload(photo)}, format="multipart")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.data["errors"][0]["code"] == "photos_busy"


@pytest.fixture
def as_upload() -> Callable[[bytes], object]:
    """Bytes as an uploaded file."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    return lambda data: SimpleUploadedFile("photo.png", data)


@pytest.mark.parametrize(
    ("total", "cores", "size"), [(2 * GB, 8, 1), (16 * GB, 8, 4), (64 * GB, 8, 8), (512 * 1024**2, 2, 1)]
)
def test_the_number_of_processes_depends_on_memory_and_cores(total: int, cores: int, size: int) -> None:
    assert pool_size(total, GB, cores) == size
