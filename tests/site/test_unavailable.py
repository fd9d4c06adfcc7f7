"""The real web process while Redis is frozen, and while the database is locked: nobody waits long, nothing is lost."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from accounts.core import tokens
from accounts.models import User
from jobs.models import Job
from scripts.ports import free_port
from tests.browser.finished import web_alone
from tests.conftest import make_user
from tests.environment import start_redis

LONGEST_SECONDS = 3.0
"""For a whole request on a busy machine; before, these took 8 to 25 s. `make chaos` measures the wait for Redis."""


class Api:
    """A client with a token: status, body and headers of each response, and how long it took."""

    def __init__(self, address: str, user: User) -> None:
        self._address = f"{address}/api/v1"
        self._token = tokens.create(user, "test")[1]
        self.seconds = 0.0

    def __call__(self, path: str, method: str = "GET", data: bytes | None = None, **headers: str) -> tuple[int, Any]:
        """Status and body."""
        status, body, _ = self.full(path, method, data, **headers)
        return status, body

    def full(self, path: str, method: str, data: bytes | None = None, **headers: str) -> tuple[int, Any, Any]:
        """Status, body and headers."""
        more = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json", **headers}
        request = Request(self._address + path, data, more, method=method)
        started = time.monotonic()
        try:
            with urlopen(request, timeout=60) as response:
                return response.status, json.loads(response.read()), response.headers
        except HTTPError as error:
            return error.code, json.loads(error.read()), error.headers
        finally:
            self.seconds = time.monotonic() - started


def form(photo: bytes) -> dict[str, Any]:
    """Arguments of a request that submits the photo."""
    fields = {"photo": SimpleUploadedFile("lamp.png", photo, "image/png"), "recipe": '{"quality": "draft"}'}
    return {"method": "POST", "data": encode_multipart(BOUNDARY, fields), "Content-Type": MULTIPART_CONTENT}


@pytest.fixture
def frozen_redis_site(transactional_db: None, tmp_path: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """Address of a site with a Redis of its own, and how to freeze that."""
    port = free_port()
    redis = start_redis(tmp_path / "redis", port)
    try:
        with web_alone(REDIS_URL=f"redis://127.0.0.1:{port}/0", REDIS_WAIT_SECONDS="0.4") as address:
            yield address, lambda: redis.send_signal(signal.SIGSTOP)
    finally:
        redis.kill()
        redis.wait()


def test_no_request_waits_for_a_frozen_redis(
    frozen_redis_site: tuple[str, Callable[[], None]], submit: Callable[..., Job], photo: bytes
) -> None:
    address, freeze = frozen_redis_site
    user = make_user("person")
    job = submit(user)
    api = Api(address, user)
    assert api(f"/jobs/{job.pk}/")[0] == 200
    assert api("/jobs/", **form(photo))[0] == 202
    freeze()
    status, renamed = api(f"/jobs/{job.pk}/", "PATCH", b'{"title": "Frozen"}')
    assert (status, renamed["title"]) == (200, "Frozen")
    assert api.seconds < LONGEST_SECONDS
    assert api("/jobs/", **form(photo))[0] == 202
    assert api.seconds < LONGEST_SECONDS
    assert api(f"/jobs/{job.pk}/cancel/", "POST")[1]["state"] == "cancelled"
    assert api.seconds < LONGEST_SECONDS


@pytest.fixture
def locked() -> Iterator[None]:
    """Another process holds SQLite's only write lock."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL locks rows")
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.django_db(transaction=True)
def test_reads_do_not_wait_for_a_locked_database_and_writes_get_a_503(
    submit: Callable[..., Job], request: pytest.FixtureRequest
) -> None:
    user = make_user("person")
    job = submit(user)
    with web_alone() as address:
        api = Api(address, user)
        request.getfixturevalue("locked")
        status, found = api(f"/jobs/{job.pk}/")  # would record the token's use and renew it
        assert (status, found["title"]) == (200, "Lamp")
        assert api.seconds < LONGEST_SECONDS
        status, body, headers = api.full(f"/jobs/{job.pk}/", "PATCH", b'{"title": "Locked"}')
        assert (status, body["errors"][0]["code"], headers["Retry-After"]) == (503, "busy", "5")


@pytest.mark.django_db
def test_a_page_says_that_it_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object, **__: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("jobs.views.home.render", locked)
    response = Client(raise_request_exception=False).get("/")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert b"Busy, trying again" in response.content
    assert b'http-equiv="refresh" content="5"' in response.content
