"""Errors go to Sentry and traces to a collector, without secrets; a site that lacks the packages says so."""

import gzip
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from pytest_django import Settings

from reconsite.core import telemetry
from tests.live import environment, site, wait_until

ROOT = Path(__file__).resolve().parents[2]
SECRET = "k3Jx9QmTz7Lp"


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Post)
        self.bodies: list[bytes] = []

    def received(self) -> bytes:
        return b"".join(self.bodies)


class Post(BaseHTTPRequestHandler):
    """Accepts everything."""

    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        encoding = self.headers.get("Content-Encoding", "")
        body = gzip.decompress(body) if encoding == "gzip" else body
        self.server.bodies.append(zlib.decompress(body) if encoding == "deflate" else body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever).start()
        yield server
        server.shutdown()


@pytest.mark.slow
def test_an_error_reaches_sentry_without_the_secret_of_a_link(receiver: Receiver) -> None:
    code = f"import logging; logging.getLogger('jobs').error('Failed: GET /s/{SECRET}/')"
    env = environment(0, SENTRY_DSN=f"http://key@127.0.0.1:{receiver.server_port}/1")
    subprocess.run([sys.executable, "manage.py", "shell", "-v0", "-c", code], cwd=ROOT, env=env, check=True)
    assert b"Failed: GET /s/" in receiver.received()
    assert SECRET.encode() not in receiver.received()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_request_reaches_the_collector_without_the_secret_of_its_link(receiver: Receiver) -> None:
    with site(OTEL_ENDPOINT=f"http://127.0.0.1:{receiver.server_port}/v1/traces", OTEL_BSP_SCHEDULE_DELAY="200") as url:
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"{url}/s/{SECRET}/")
        wait_until(lambda: b"/s/" in receiver.received(), 30.0, "the trace")
    assert b"reconsite" in receiver.received()
    assert SECRET.encode() not in receiver.received()


def test_secrets_are_masked_however_deep_they_lie() -> None:
    event = {"request": {"url": f"https://x/s/{SECRET}/"}, "list": [f"/s/{SECRET}"], "number": 1}
    assert telemetry.masked(event) == {"request": {"url": "https://x/s/…/"}, "list": ["/s/…"], "number": 1}


@pytest.mark.parametrize(
    ("setting", "package", "begin"),
    [
        ("SENTRY_DSN", "sentry_sdk", telemetry.report_errors),
        ("OTEL_ENDPOINT", "opentelemetry", telemetry.trace_requests),
    ],
)
def test_a_missing_package_is_named_with_its_remedy(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, setting: str, package: str, begin: Callable[[], None]
) -> None:
    setattr(settings, setting, "http://key@127.0.0.1:9/1")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SystemExit, match=f"{setting} needs .*requirements-observability.txt"):
        begin()


def test_without_the_settings_no_package_is_loaded() -> None:
    code = "import sys, reconsite.asgi; print(*(name in sys.modules for name in sys.argv[1:]))"
    names = ("sentry_sdk", "opentelemetry.instrumentation.django")
    env = environment(0, DJANGO_SETTINGS_MODULE="reconsite.settings")
    command = [sys.executable, "-c", code, *names]
    assert subprocess.check_output(command, cwd=ROOT, env=env, text=True).split() == ["False", "False"]
