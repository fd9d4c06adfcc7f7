"""The cutout process: its waiting line is limited, and a crash is survived."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from jobs.work import cutout_process
from jobs.work.cutout_process import MAX_WAITING, CutoutProcess
from ml.cutout_options import CutoutOptions
from reconsite.core.errors import Rejected

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
