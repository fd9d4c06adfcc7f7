"""The cutout before the job: for whom, what comes back, and that nothing stays."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import Settings

from accounts.models import User
from jobs.models import Job
from jobs.work import cutout_process
from jobs.work.cutout_process import MAX_WAITING, CutoutProcess
from reconsite.core.errors import Rejected
from tests.conftest import signed_in, stored_files

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _end_the_process() -> Iterator[None]:
    yield
    cutout_process.shared_process.stop()


def post(client: Client, photo: bytes) -> Any:
    return client.post(reverse("jobs:cutout"), {"photo": SimpleUploadedFile("lamp.png", photo)})


def test_a_photo_comes_back_cut_out(owner: User, photo: bytes) -> None:
    response = post(signed_in(owner), photo)
    told = response.json()
    assert response.status_code == 200
    assert (told["method"], told["scale"], told["size"]) == ("transparency", 1.0, [200, 200])
    cutout = Image.open(io.BytesIO(base64.b64decode(told["cutout"].split(",")[1])))
    assert cutout.mode == "RGBA"
    assert cutout.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert told["photo"].startswith("data:image/jpeg;base64,")


def test_it_tells_what_the_photo_could_do_better(owner: User, photo: bytes) -> None:
    codes = [advice["code"] for advice in post(signed_in(owner), photo).json()["advice"]]
    assert codes == ["too_small"]


def test_nothing_is_stored(owner: User, photo: bytes) -> None:
    post(signed_in(owner), photo)
    assert stored_files() == []
    assert not Job.objects.exists()


def test_anonymous_gets_401(client: Client, photo: bytes) -> None:
    assert post(client, photo).status_code == 401


def test_another_site_cannot_make_a_browser_send_one(owner: User, photo: bytes) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner)
    assert post(strict, photo).status_code == 403


@pytest.mark.parametrize(("data", "status"), [(b"no picture", 415), (b"", 400)])
def test_a_bad_photo_is_refused_in_words(owner: User, data: bytes, status: int) -> None:
    response = post(signed_in(owner), data)
    assert response.status_code == status
    assert response.json()["errors"][0]["detail"].endswith(".")


def test_a_file_over_the_limit_is_413(owner: User, photo: bytes, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 100
    assert post(signed_in(owner), photo).status_code == 413


def test_many_at_once_are_asked_to_wait(owner: User, photo: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.views.cutout.shared_process.cut", refuse)
    response = post(signed_in(owner), photo)
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def refuse(data: bytes) -> None:
    raise Rejected("preview_busy")


def test_only_so_many_wait_and_the_next_is_refused(photo: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    own, inside, go_on = CutoutProcess(), Event(), Event()
    monkeypatch.setattr(own, "_ensure_running", lambda: (inside.set(), go_on.wait(30)))
    monkeypatch.setattr(cutout_process, "_request", lambda connection, data: None)
    with ThreadPoolExecutor(MAX_WAITING) as pool:
        waiting = [pool.submit(own.cut, photo) for _ in range(MAX_WAITING)]
        inside.wait(30)
        while own._slots.acquire(blocking=False):  # until each thread has its slot
            own._slots.release()
        with pytest.raises(Rejected) as refusal:
            own.cut(photo)
        go_on.set()
        assert [each.result(timeout=30) for each in waiting] == [None] * MAX_WAITING
    assert refusal.value.code == "preview_busy"


def test_a_process_that_died_is_started_anew(photo: bytes) -> None:
    own = CutoutProcess()
    own.cut(photo)
    assert own._process is not None
    first = own._process.pid
    own._process.kill()
    own._process.wait()
    assert own.cut(photo).metadata["method"] == "transparency"
    assert own._process.pid != first
    own.stop()
