"""A real S3 service in a process of its own (moto's server), with a bucket for each test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

from reconsite.core.storage_url import choose
from scripts.ports import free_port, wait_for_port

KEY, SECRET = "test-key", "test/secret"


@contextmanager
def server(log: Path) -> Iterator[str]:
    """The address of a running server, which keeps everything in memory."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def new_bucket(address: str) -> str:
    """The name of a new, empty bucket."""
    name = f"reconsite-{uuid4().hex[:12]}"
    with urlopen(Request(f"{address}/{name}", method="PUT")) as response:
        assert response.status == 200
    return name


def url_of(address: str, bucket: str, prefix: str = "site") -> str:
    """STORAGE_URL of a bucket."""
    return f"s3://{KEY}:{SECRET.replace('/', '%2F')}@{bucket}/{prefix}?endpoint={address}"


def storages(url: str) -> dict[str, Any]:
    """Django's setting STORAGES for a STORAGE_URL."""
    choice = choose(url, "")
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    return {"default": {"BACKEND": choice.backend, "OPTIONS": choice.options}, "staticfiles": static}
