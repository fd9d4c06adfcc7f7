"""The cutout before the job: one warm process beside the web server cuts one photo at a time.

It starts with the first photo (or earlier, by `warm_up`), belongs to this process and ends with it. What the network
needs stays out of the web process; nothing of a photo is stored.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from django.conf import settings

from ml.errors import ReconstructionError
from reconsite.core.errors import Rejected

logger = logging.getLogger(__name__)

MOST_WAITING = 4
"""Photos in hand at once: with a second each, the last one waits about as long as a person does."""
ANSWER_SECONDS = 60.0
"""A photo that takes longer is given up, and the process with it; its start is part of the first photo."""


@dataclass(frozen=True)
class Preview:
    """`photo`: JPEG bytes. `cutout`: PNG bytes with transparency. `facts`: see `ml.photo.preview.CutoutPreview`."""

    photo: bytes
    cutout: bytes
    facts: dict[str, Any]


class Previewer:
    """The process and the line to it; safe to be used by many threads."""

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(MOST_WAITING)
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection | None = None

    def warm_up(self) -> None:
        """Start the process if it is not running; returns at once."""
        if self._turn.acquire(blocking=False):
            try:
                self._ensure()
            finally:
                self._turn.release()

    def cut(self, data: bytes) -> Preview:
        """The cutout of a photo (its file's bytes).

        Raises ReconstructionError (the picture is bad) or Rejected(`preview_busy`, `preview_failed`).
        """
        with self._place(), self._turn:
            line = self._ensure()
            try:
                return _ask(line, data)
            except (EOFError, OSError) as error:
                self.stop()
                logger.warning("The cutout process was lost: %r", error)
                raise Rejected("preview_failed") from error

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise Rejected("preview_busy")
        try:
            yield
        finally:
            self._places.release()

    def _ensure(self) -> Connection:
        if self._line is not None and self._process is not None and self._process.poll() is None:
            return self._line
        self.stop()
        self._line, theirs = multiprocessing.Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ml.serve.cutout_server", str(theirs.fileno())],
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={
                    **os.environ,
                    "MODELS_DIR": str(settings.MODELS_DIR),
                    "BACKGROUND_MODEL": settings.BACKGROUND_MODEL,
                },
            )
        return self._line

    def stop(self) -> None:
        """End the process; the next photo starts another."""
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._line = self._process = None


def _ask(line: Connection, data: bytes) -> Preview:
    """Send one photo and read its answer. Raises OSError and EOFError when the process is lost or does not answer."""
    line.send_bytes(str(settings.MAX_PIXELS).encode())
    line.send_bytes(data)
    answer = json.loads(_received(line))
    if refused := answer.get("refused"):
        raise ReconstructionError(refused["code"], refused["message"])
    if "error" in answer:
        logger.error("A cutout failed: %s", answer["error"])
        raise Rejected("preview_failed")
    return Preview(_received(line), _received(line), answer["done"])


def _received(line: Connection) -> bytes:
    if not line.poll(ANSWER_SECONDS):
        raise TimeoutError(f"No answer within {ANSWER_SECONDS:g} seconds.")
    return line.recv_bytes()


previewer = Previewer()
"""The one of this process."""
