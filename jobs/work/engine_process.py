"""The warm engine: a process that the worker owns and restarts, and the work horse's way to use it.

torch must not compute in a process that forks, and loading it takes seconds: so it lives in `ml.serve.engine_server`,
beside the worker. Cancel and time-out hang up on it, which ends even a call into C.
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
from dataclasses import fields
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

from ml.errors import ReconstructionError, Stopped
from ml.recipe import Recipe
from ml.stages import Listeners, ShouldStop

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
        command = [sys.executable, "-m", "ml.serve.engine_server", self.address]
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


Made = tuple[tuple[str, ...], dict[str, Any]]
"""Names of the files of a result, and its report."""


def reconstruct(
    photos: Sequence[bytes], recipe: Recipe, out_dir: Path, listeners: Listeners, *, source: Path | None = None
) -> Made:
    """Make the model in the warm engine if this process has one, else here.

    With `source`, a folder that holds an earlier result, its scene is used again and `photos` are not looked at.
    Raises ReconstructionError, Stopped, EngineLost, EngineFailed, OSError.
    """
    address = os.environ.get(ADDRESS)
    if not address:
        return _reconstruct_here(photos, recipe, out_dir, listeners, source)
    request: dict[str, Any] = {"photos": len(photos), "recipe": recipe.to_dict(), "out_dir": str(out_dir)}
    if source is not None:
        request["source"] = str(source)
    with connect(address, listeners.should_stop) as engine:
        try:
            for message in (json.dumps(request).encode(), *photos):
                engine.send_bytes(message)
            return follow(engine, listeners)
        except (EOFError, ConnectionError) as error:
            raise EngineLost("The engine ended during the run.") from error


def _reconstruct_here(
    photos: Sequence[bytes], recipe: Recipe, out_dir: Path, listeners: Listeners, source: Path | None
) -> Made:
    from ml.pipeline import reconstruct as pipeline  # torch: only in a process that does not fork

    hooks = {each.name: getattr(listeners, each.name) for each in fields(listeners)}
    if source is not None:
        made = pipeline.remix(source, recipe, out_dir, **hooks)
    else:
        made = pipeline.reconstruct(photos, recipe, out_dir, **hooks)
    return made.files, made.report


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


def follow(engine: Connection, listeners: Listeners) -> Made:
    """Read messages until the end of the run."""
    while True:
        while not engine.poll(0.1):
            if listeners.should_stop():
                raise Stopped
        message = json.loads(engine.recv_bytes())
        if "progress" in message:
            listeners.on_progress(*message["progress"])
        elif "file" in message:
            listeners.on_file(message["file"])
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
