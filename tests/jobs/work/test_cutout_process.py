"""The cutout process: its waiting line is limited, and a crash is survived."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from PIL import Image
from pytest_django import Settings

from jobs.work import cutout_process
from jobs.work.cutout_process import MAX_WAITING, CutoutProcess
from ml.cutout_options import CutoutOptions
from ml.errors import ReconstructionError
from reconsite.core.errors import Rejected
from tests.conftest import encoded
from tests.jobs.core.test_photo_processes import heic, png_of_16_bits

WAIT_SECONDS = 30
"""Longer than anything here takes, so that a deadlock ends."""


def test_only_a_few_photos_can_wait(photo: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    process, entered, release = CutoutProcess(), Event(), Event()

    def wait_for_release() -> None:
        entered.set()
        release.wait(WAIT_SECONDS)

    monkeypatch.setattr(process, "_ensure_running", wait_for_release)
    monkeypatch.setattr(cutout_process, "_request", lambda connection, data, options: None)
    with ThreadPoolExecutor(MAX_WAITING) as pool:
        waiting = [pool.submit(process.cut, photo, CutoutOptions()) for _ in range(MAX_WAITING)]
        entered.wait(WAIT_SECONDS)
        while process._slots.acquire(blocking=False):  # until each thread has its slot
            process._slots.release()
        with pytest.raises(Rejected) as rejection:
            process.cut(photo, CutoutOptions())
        release.set()
        assert [future.result(timeout=WAIT_SECONDS) for future in waiting] == [None] * MAX_WAITING
    assert rejection.value.code == "preview_busy"


def test_a_crashed_process_is_restarted(photo: bytes) -> None:
    process = CutoutProcess()
    process.cut(photo, CutoutOptions())
    assert process._process is not None
    first = process._process.pid
    process._process.kill()
    process._process.wait()
    assert process.cut(photo, CutoutOptions()).metadata["method"] == "transparency"
    assert process._process.pid != first
    process.stop()


@pytest.fixture
def running() -> Iterator[CutoutProcess]:
    process = CutoutProcess()
    yield process
    process.stop()


def test_a_photo_over_the_memory_budget_is_rejected_and_the_next_one_is_cut_out(
    running: CutoutProcess, photo: bytes, settings: Settings
) -> None:
    """By its header, and where the header says less (HEIC), by the kernel."""
    for large in (png_of_16_bits(1000), heic(900)):
        settings.PHOTO_MEMORY_BYTES = 4_000_000
        with pytest.raises((ReconstructionError, Rejected)):
            running.cut(large, CutoutOptions())
    settings.PHOTO_MEMORY_BYTES = 1024**3
    assert running.cut(photo, CutoutOptions()).metadata["method"] == "transparency"


def test_a_photo_that_takes_too_long_ends_the_process_only(
    running: CutoutProcess, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutout_process, "CPU_SECONDS", 0)
    with pytest.raises(ReconstructionError) as rejection:
        running.cut(encoded(Image.new("RGBA", (5000, 5000), (1, 2, 3, 4)), compress_level=1), CutoutOptions())
    assert rejection.value.code == "unreadable_image"
    monkeypatch.setattr(cutout_process, "CPU_SECONDS", 60)
    assert running.cut(photo, CutoutOptions()).metadata["method"] == "transparency"
