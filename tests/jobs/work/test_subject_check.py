"""The look at a photo before the job: what it refuses, and what it lets pass."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest
from pytest_django import Settings

from jobs.work import subject_check
from jobs.work.subject_check import require_subjects
from ml.cutout_options import CutoutOptions
from ml.errors import ReconstructionError
from ml.recipe import Recipe
from reconsite.core.errors import Rejected

GOOD, EMPTY, BUSY, BROKEN = b"good", b"empty", b"busy", b"broken"


class Process:
    """Stands in for the cutout process; knows which photos were cut."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []
        self.options: list[CutoutOptions] = []

    def cut(self, data: bytes, options: CutoutOptions) -> None:
        self.calls.append(data)
        self.options.append(options)
        errors: dict[bytes, Exception] = {
            EMPTY: ReconstructionError("no_subject"),
            BROKEN: ReconstructionError("unreadable_image"),
            BUSY: Rejected("preview_busy"),
        }
        if data in errors:
            raise errors[data]

    def was_cut(self, data: bytes, options: CutoutOptions) -> bool:
        return data in self.calls and options in self.options


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Process:
    settings.SUBJECT_CHECK_SECONDS = 30.0
    process = Process()
    monkeypatch.setattr(subject_check, "shared_process", process)
    return process


def test_a_photo_without_an_object_is_refused(process: Process) -> None:
    with pytest.raises(ReconstructionError, match=r"^No object") as error:
        require_subjects([EMPTY], Recipe())
    assert error.value.code == "no_subject"


def test_with_several_photos_the_message_says_which_one(process: Process) -> None:
    with pytest.raises(ReconstructionError, match=r"^Photo 2: No object"):
        require_subjects([GOOD, EMPTY], Recipe())


@pytest.mark.parametrize("photo", [GOOD, BUSY, BROKEN])
def test_other_photos_pass(process: Process, photo: bytes) -> None:
    require_subjects([photo], Recipe())
    assert process.calls == [photo]


def test_a_photo_that_the_upload_page_has_cut_out_is_not_cut_out_again(process: Process) -> None:
    process.cut(GOOD, CutoutOptions())
    require_subjects([GOOD], Recipe())
    assert process.calls == [GOOD]
    require_subjects([GOOD], Recipe(mask="alpha"))
    assert process.calls == [GOOD, GOOD]


def test_the_object_is_looked_for_as_the_recipe_says(process: Process) -> None:
    require_subjects([GOOD, BUSY], Recipe(mask="alpha", subject=(0.25, 0.5)))
    options = dict(zip(process.calls, process.options, strict=True))
    assert options == {
        GOOD: CutoutOptions(mask="alpha", subject=(0.25, 0.5)),
        BUSY: CutoutOptions(mask="alpha"),  # the point is on the main photo
    }


def test_without_background_removal_or_time_nothing_is_looked_at(process: Process, settings: Settings) -> None:
    require_subjects([EMPTY], Recipe(remove_background=False))
    settings.SUBJECT_CHECK_SECONDS = 0.0
    require_subjects([EMPTY], Recipe())
    assert process.calls == []


def test_a_photo_that_takes_too_long_passes(process: Process, settings: Settings, monkeypatch: Any) -> None:
    released = Event()
    monkeypatch.setattr(process, "cut", lambda *_: released.wait(30))
    settings.SUBJECT_CHECK_SECONDS = 0.01
    require_subjects([EMPTY], Recipe())
    assert not released.is_set()
    released.set()
