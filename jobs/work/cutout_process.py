"""The cutout preview of the upload page: one warm process beside the web server cuts out one photo at a time.

The first photo starts it (or `warm_up` does, earlier); it ends with the process that owns it. This keeps the network
out of the web process. Nothing of a photo is stored.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from multiprocessing.connection import Connection
from typing import Any

from django.conf import settings

from jobs.core import child_process
from jobs.core.photo_processes import PHOTO_FAULTS
from ml.cutout_options import CutoutOptions
from ml.errors import ReconstructionError
from reconsite.core.errors import Rejected

logger = logging.getLogger(__name__)

MAX_WAITING = 4
"""Photos accepted at once: at a second each, the last one takes about as long as a person will wait."""
REMEMBERED = 256
"""Digests of photos that were cut out: enough for the photos that people look at before they send them."""
CPU_SECONDS = 60
"""Processor time of one photo, over all threads of the network: the default one takes about 2 s."""
RESPONSE_SECONDS = 60.0
"""A photo that takes longer is given up together with the process; the first one includes the process's start."""


@dataclass(frozen=True)
class Preview:
    """`photo`: JPEG bytes. `cutout`: PNG bytes with transparency. `metadata`: see `ml.photo.preview.CutoutPreview`."""

    photo: bytes
    cutout: bytes
    metadata: dict[str, Any]


class CutoutProcess:
    """The process and the connection to it; safe to use from many threads."""

    def __init__(self) -> None:
        self._cut: deque[bytes] = deque(maxlen=REMEMBERED)
        self._slots = threading.BoundedSemaphore(MAX_WAITING)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def warm_up(self) -> None:
        """Start the process if it is not running, without waiting until it is ready."""
        if self._lock.acquire(blocking=False):
            try:
                self._ensure_running()
            finally:
                self._lock.release()

    def cut(self, data: bytes, options: CutoutOptions) -> Preview:
        """The cutout of a photo (the bytes of its file).

        Raises ReconstructionError (unusable photo) or Rejected(`preview_busy`, `preview_failed`).
        """
        with self._slot(), self._lock:
            connection = self._ensure_running()
            try:
                preview = _request(connection, data, options)
            except (EOFError, OSError) as error:
                raise self._explain(error) from error
            self._cut.append(_digest(data, options))
            return preview

    def _explain(self, error: Exception) -> Exception:
        """A process that a photo has killed is the photo's fault; one that hangs or is killed by others is ours."""
        exit_code = self.stop(grace_seconds=1)
        logger.warning("The cutout process was lost (exit code %s): %r", exit_code, error)
        if exit_code in PHOTO_FAULTS:
            return ReconstructionError("unreadable_image")
        return Rejected("preview_failed")

    def was_cut(self, data: bytes, options: CutoutOptions) -> bool:
        """True if an object was found in the same photo recently, with the same options."""
        return _digest(data, options) in self._cut

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(blocking=False):
            raise Rejected("preview_busy")
        try:
            yield
        finally:
            self._slots.release()

    def _ensure_running(self) -> Connection:
        if self._connection is not None and self._process is not None and self._process.poll() is None:
            return self._connection
        self.stop()
        self._connection, child_end = multiprocessing.Pipe()
        with child_end:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ml.serve.cutout_server", str(child_end.fileno())],
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                pass_fds=[child_end.fileno()],
                env=child_process.environment(),
            )
        return self._connection

    def stop(self, grace_seconds: float = 0) -> int | None:
        """End the process, which may end by itself first; its exit code. The next photo starts another."""
        if self._connection is not None:
            self._connection.close()
        exit_code = None
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=grace_seconds)
            self._process.kill()
            exit_code = self._process.wait()
        self._connection = self._process = None
        return exit_code


def _digest(data: bytes, options: CutoutOptions) -> bytes:
    return sha256(sha256(data).digest() + repr(options).encode()).digest()


def _request(connection: Connection, data: bytes, options: CutoutOptions) -> Preview:
    """Send one photo and read the response. Raises OSError or EOFError when the process is lost or does not respond."""
    limits = {"pixels": settings.MAX_PIXELS, "memory": settings.PHOTO_MEMORY_BYTES, "cpu": CPU_SECONDS}
    connection.send_bytes(json.dumps({"limits": limits, **asdict(options)}).encode())
    connection.send_bytes(data)
    response = json.loads(_receive(connection))
    if rejection := response.get("refused"):
        raise ReconstructionError(rejection["code"], rejection["message"])
    if "error" in response:
        logger.error("A cutout failed: %s", response["error"])
        raise Rejected("preview_failed")
    return Preview(_receive(connection), _receive(connection), response["done"])


def _receive(connection: Connection) -> bytes:
    if not connection.poll(RESPONSE_SECONDS):
        raise TimeoutError(f"No response within {RESPONSE_SECONDS:g} seconds.")
    return connection.recv_bytes()


shared_process = CutoutProcess()
"""The cutout process of this web process."""
