"""A large photo over a line that breaks three times: the Python client, and plain requests, to the real web process."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
import pytest
from PIL import Image
from reconsite_client import Client

from accounts.core import tokens
from jobs.models import Job, Upload
from tests.browser.finished import web_alone
from tests.conftest import encoded, make_user

pytestmark = pytest.mark.django_db(transaction=True)

CUT_AFTER = (300_000, 1_700_000, 500_000)
"""Bytes that pass before the line breaks: within the first part, within the second one of a connection, and again."""


class BadLine:
    """A TCP relay to the site that breaks its connections after so many bytes, once for each entry of `cut_after`."""

    def __init__(self, port: int, cut_after: tuple[int, ...]) -> None:
        self.target, self.left, self.cuts = port, list(cut_after), 0
        self.server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://localhost:{self.server.getsockname()[1]}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self.server.accept()[0]
                site = socket.create_connection(("127.0.0.1", self.target))
                threading.Thread(target=self._relay, args=(client, site, True), daemon=True).start()
                threading.Thread(target=self._relay, args=(site, client, False), daemon=True).start()

    def _relay(self, source: socket.socket, target: socket.socket, upwards: bool) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(65536):
                passed += len(data)
                if upwards and self.left and passed > self.left[0]:
                    self.left.pop(0)
                    self.cuts += 1
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def bad_line(address: str) -> Iterator[BadLine]:
    line = BadLine(int(address.rpartition(":")[2]), CUT_AFTER)
    yield line
    line.server.close()


@pytest.fixture
def server(transactional_db: None) -> Iterator[str]:
    with web_alone() as address:
        yield address


def large_photo() -> bytes:
    """About 3 MB that cannot be compressed: a picture of noise around a plain middle."""
    pixels = np.random.default_rng(1).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)
    pixels[300:700, 300:700] = (200, 60, 40)
    return encoded(Image.fromarray(pixels))


def test_a_photo_arrives_over_a_line_that_breaks_three_times(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the pauses of the client
    photo, steps = large_photo(), list[int]()
    token = tokens.create(make_user("person"), "test")[1]
    with bad_line(server) as line, Client(line.address, token) as client:
        job = client.create_job([photo], quality="draft", on_bytes=lambda done, total: steps.append(done))
    assert line.cuts == 3
    assert Job.objects.get().pk.hex == job.id.replace("-", "")
    assert Job.objects.get().photos.get().sha256 == hashlib.sha256(photo).hexdigest()
    assert Upload.objects.get().is_complete
    assert (steps[-1], steps == sorted(steps)) == (len(photo), True)


def test_a_part_that_is_cut_leaves_the_upload_as_it_was(server: str) -> None:
    port = int(server.rpartition(":")[2])
    user = make_user("person")
    token = tokens.create(user, "test")[1]
    with Client(server, token) as client:
        headers = {"Upload-Length": "100000"}
        upload = client._http.post("/api/v1/uploads/", headers=headers).json()
        path = f"/api/v1/uploads/{upload['id']}/"
        with socket.create_connection(("127.0.0.1", port)) as line:
            head = f"PATCH {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nUpload-Offset: 0\r\n"
            head += "Content-Type: application/offset+octet-stream\r\nContent-Length: 100000\r\n\r\n"
            line.sendall(head.encode() + b"x" * 50_000)
        assert client._http.head(path).headers["Upload-Offset"] == "0"
        part = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        assert client._http.patch(path, headers=part, content=b"y" * 100_000).status_code == 204
        assert client._http.head(path).headers["Upload-Offset"] == "100000"
