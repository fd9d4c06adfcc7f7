"""Photos are decoded and checked in processes beside the web server (`ml.serve.photo_server`).

A hostile picture can cost a decoder gigabytes, seconds or its life; here it costs one process that is replaced. Each
process handles one photo at a time with limits on memory and processor time, so the number of processes is a limit on
memory too. The first photo starts one; all end with the process that owns them.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from django.conf import settings

from jobs.core import child_process
from ml.errors import ReconstructionError
from reconsite.core.errors import Rejected

logger = logging.getLogger(__name__)

CPU_SECONDS = 10
"""Processor time of one photo: a good one of 50 megapixels takes about 2 s."""
RESPONSE_SECONDS = 40.0
"""A process that does not respond for this long, its start included, is killed."""
WAIT_SECONDS = 10.0
"""How long a request waits until a process is free."""
PHOTO_FAULTS = (-signal.SIGXCPU, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE)
"""Exit codes of a process that a photo has killed."""
MAX_WAITING = 16
"""Requests that may wait at once: each holds its photo in memory."""


@dataclass(frozen=True)
class DecodedPhoto:
    """What `ml.photo.stored.StoredPhoto` says; `notes` as JSON."""

    data: bytes
    extension: str
    width: int
    height: int
    notes: tuple[dict[str, Any], ...]


class PhotoProcess:
    """One process and the connection to it."""

    def __init__(self) -> None:
        self._connection, child_end = multiprocessing.Pipe()
        with child_end:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ml.serve.photo_server", str(child_end.fileno())],
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                pass_fds=[child_end.fileno()],
                env={**child_process.environment(), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )

    def is_running(self) -> bool:
        """False when it has ended."""
        return self._process.poll() is None

    def decode(self, data: bytes) -> DecodedPhoto:
        """Raises ReconstructionError (unusable photo), OSError or EOFError (the process was lost)."""
        limits = {"pixels": settings.MAX_PIXELS, "memory": settings.PHOTO_MEMORY_BYTES, "cpu": CPU_SECONDS}
        self._connection.send_bytes(json.dumps(limits).encode())
        self._connection.send_bytes(data)
        response = json.loads(_receive(self._connection))
        if rejection := response.get("refused"):
            raise ReconstructionError(rejection["code"], rejection["message"])
        if "error" in response:
            raise DecodingError(response["error"])
        fields = response["done"]
        return DecodedPhoto(_receive(self._connection), **{**fields, "notes": tuple(fields["notes"])})

    def stop(self) -> int:
        """End it; returns its exit code, negative for a signal."""
        self._connection.close()
        if self._process.poll() is None:
            try:
                self._process.wait(timeout=1)  # it ends by itself when it was killed, or waits for a photo
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()


class DecodingError(Exception):
    """An error in our own code while decoding; its text is the traceback."""


def _receive(connection: Connection) -> bytes:
    if not connection.poll(RESPONSE_SECONDS):
        raise TimeoutError(f"No response within {RESPONSE_SECONDS:g} seconds.")
    return connection.recv_bytes()


class PhotoProcesses:
    """A pool; safe to use from many threads."""

    def __init__(self, size: int) -> None:
        self._free = threading.BoundedSemaphore(size)
        self._waiting = threading.BoundedSemaphore(MAX_WAITING)
        self._lock = threading.Lock()
        self._idle: list[PhotoProcess] = []

    def decode(self, data: bytes) -> DecodedPhoto:
        """The photo as it is to be stored.

        Raises ReconstructionError (unusable photo) or Rejected(`photos_busy`).
        """
        with self._slot():
            process = self._take()
            try:
                decoded = process.decode(data)
            except ReconstructionError:
                self._give_back(process)
                raise
            except (EOFError, OSError, DecodingError) as error:
                raise _explain(process.stop(), error) from error
            self._give_back(process)
            return decoded

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._waiting.acquire(blocking=False):
            raise Rejected("photos_busy")
        try:
            is_free = self._free.acquire(timeout=WAIT_SECONDS)
        finally:
            self._waiting.release()
        if not is_free:
            raise Rejected("photos_busy")
        try:
            yield
        finally:
            self._free.release()

    def _take(self) -> PhotoProcess:
        with self._lock:
            while self._idle:
                if (process := self._idle.pop()).is_running():
                    return process
                process.stop()
        return PhotoProcess()

    def _give_back(self, process: PhotoProcess) -> None:
        with self._lock:
            self._idle.append(process)


def _explain(exit_code: int, error: Exception) -> Exception:
    """A process that a photo has killed is the photo's fault; one that hangs or is killed by others is ours."""
    logger.warning("A photo process was lost (exit code %s): %r", exit_code, error)
    if exit_code in PHOTO_FAULTS:
        return ReconstructionError("unreadable_image")
    return Rejected("photos_busy")


def pool_size(total_bytes: int, photo_bytes: int, cores: int) -> int:
    """As many processes as a quarter of the memory allows, at least one, at most one per core."""
    return max(1, min(cores, total_bytes // 4 // photo_bytes))


def _total_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


photo_processes = PhotoProcesses(
    settings.PHOTO_PROCESSES or pool_size(_total_bytes(), settings.PHOTO_MEMORY_BYTES, os.cpu_count() or 1)
)
"""The photo processes of this web process."""
