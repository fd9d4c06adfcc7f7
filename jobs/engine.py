"""The warm engine: a process that the worker owns and restarts, and the work horse's way to use it.

torch must not compute in a process that forks, and loading it takes seconds: so it lives in `ml.server`, beside the
worker. Cancel and time-out hang up on it, which ends even a call into C.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

from ml.errors import ReconstructionError, Stopped
from ml.recipe import Recipe
from ml.stages import OnProgress, ShouldStop

logger = logging.getLogger(__name__)

ADDRESS = "RECONSITE_ENGINE"
"""Environment variable of a work horse: the socket of its worker's engine."""
START_SECONDS = 90.0


class EngineLost(Exception):
    """The engine died during the run, or did not come up."""


class EngineFailed(Exception):
    """The engine met an error of its own; the message is its traceback."""


class WarmEngine:
    """The worker's engine process. Starting returns at once; the first job waits until it listens."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="reconsite-engine-")
        self.address = str(Path(self._folder.name) / "socket")
        self._process: subprocess.Popen[bytes] | None = None

    def ensure(self) -> None:
        """Start it if it is not running, and anew if it has grown too large."""
        if self._process is not None and self._process.poll() is None:
            if self._megabytes() < settings.ENGINE_MAX_MB:
                return
            self.stop()
        Path(self.address).unlink(missing_ok=True)
        command = [sys.executable, "-m", "ml.server", self.address]
        # A session of its own: the signal that asks the worker to end after its job must not end the job.
        self._process = subprocess.Popen(
            command, cwd=settings.BASE_DIR, stdin=subprocess.PIPE, start_new_session=True, env=self._environment()
        )

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "MODELS_DIR": str(settings.MODELS_DIR), "BACKGROUND_MODEL": settings.BACKGROUND_MODEL}

    def _megabytes(self) -> float:
        assert self._process is not None
        with contextlib.suppress(psutil.Error):
            return float(psutil.Process(self._process.pid).memory_info().rss) / 2**20
        return 0.0

    def stop(self) -> None:
        """End it now."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def let_go(self) -> None:
        """In a forked child: drop the copy of the line that keeps the engine alive."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()


def reconstruct(
    photos: Sequence[bytes], recipe: Recipe, out_dir: Path, *, on_progress: OnProgress, should_stop: ShouldStop
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Make the model in the warm engine if this process has one, else here; names of the files and the report.

    Raises ReconstructionError, Stopped, EngineLost, EngineFailed, OSError.
    """
    address = os.environ.get(ADDRESS)
    if not address:
        from ml import pipeline  # torch: only in a process that does not fork

        made = pipeline.reconstruct(photos, recipe, out_dir, on_progress=on_progress, should_stop=should_stop)
        return made.files, made.report
    with connect(address, should_stop) as engine:
        request = {"photos": len(photos), "recipe": recipe.to_dict(), "out_dir": str(out_dir)}
        try:
            for message in (json.dumps(request).encode(), *photos):
                engine.send_bytes(message)
            return follow(engine, on_progress, should_stop)
        except (EOFError, ConnectionError) as error:
            raise EngineLost("The engine ended during the run.") from error


def connect(address: str, should_stop: ShouldStop) -> Connection:
    """A line to the engine, once it listens. Raises EngineLost after START_SECONDS, Stopped."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if should_stop():
            raise Stopped
        try:
            return Client(address, family="AF_UNIX")
        except (FileNotFoundError, ConnectionError):
            time.sleep(0.05)
    raise EngineLost("The engine did not start.")


def follow(
    engine: Connection, on_progress: OnProgress, should_stop: ShouldStop
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Read messages until the end of the run."""
    while True:
        while not engine.poll(0.1):
            if should_stop():
                raise Stopped
        message = json.loads(engine.recv_bytes())
        if "progress" in message:
            on_progress(*message["progress"])
        elif "done" in message:
            return tuple(message["done"]["files"]), message["done"]["report"]
        else:
            raise failure(message)


def failure(message: dict[str, Any]) -> Exception:
    """The engine's refusal or error as an exception of this process."""
    if "refused" in message:
        return ReconstructionError(message["refused"]["code"], message["refused"]["message"])
    if message.get("errno"):
        return OSError(message["errno"], message["error"])
    return EngineFailed(message["error"])
