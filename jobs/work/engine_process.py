"""The warm engine: a process that the worker owns and restarts, and how a work horse runs a job in it.

torch must not compute in a process that forks, and loading it takes seconds. So it runs in `ml.serve.engine_server`,
beside the worker. To cancel a run or end it after its time limit, the work horse disconnects, which ends even a call
into C.
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

from jobs.core import child_process
from ml.errors import ReconstructionError, Stopped
from ml.recipe import Recipe
from ml.stages import Listeners, ShouldStop

logger = logging.getLogger(__name__)

SOCKET_VARIABLE = "RECONSITE_ENGINE"
"""Environment variable of a work horse: path of the socket of its worker's engine."""
START_SECONDS = 90.0
"""How long a work horse waits for the engine to listen: loading torch and weights takes this long on a slow disk."""
CONNECT_RETRY_SECONDS = 0.05
"""Pause between attempts to connect to an engine that is starting."""
STOP_POLL_SECONDS = 0.1
"""How often a work horse that waits for the engine checks whether the run has to stop."""


class EngineLost(Exception):
    """The engine died during the run, or did not start."""


class EngineFailed(Exception):
    """The engine raised an unexpected error; the message is its traceback."""


class WarmEngine:
    """The worker's engine process. Starting it does not wait; the first job waits until it listens."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="reconsite-engine-")
        self.address = str(Path(self._folder.name) / "socket")
        self._process: subprocess.Popen[bytes] | None = None

    def ensure_running(self) -> None:
        """Start it if it is not running; restart it if it uses more memory than ENGINE_MAX_MB."""
        if self._process is not None and self._process.poll() is None:
            if self._memory_mb() < settings.ENGINE_MAX_MB:
                return
            self.stop()
        Path(self.address).unlink(missing_ok=True)
        # A session of its own: the signal that asks the worker to end after its job must not end the job.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ml.serve.engine_server", self.address],
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            start_new_session=True,
            env=child_process.environment(),
        )

    def _memory_mb(self) -> float:
        assert self._process is not None
        with contextlib.suppress(psutil.Error):
            return float(psutil.Process(self._process.pid).memory_info().rss) / 2**20
        return 0.0

    def stop(self) -> None:
        """End it immediately."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def close_stdin(self) -> None:
        """In a forked child: close the copy of the pipe that keeps the engine alive."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()


Result = tuple[tuple[str, ...], dict[str, Any]]
"""Names of the result files, and the report."""


def reconstruct(
    photos: Sequence[bytes], recipe: Recipe, out_dir: Path, listeners: Listeners, *, source: Path | None = None
) -> Result:
    """Make the model in the warm engine if this process has one, else in this process.

    With `source`, the folder of an earlier result, its scene is reused and `photos` are ignored.
    Raises ReconstructionError, Stopped, EngineLost, EngineFailed, OSError.
    """
    address = os.environ.get(SOCKET_VARIABLE)
    if not address:
        return _reconstruct_in_process(photos, recipe, out_dir, listeners, source)
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


def _reconstruct_in_process(
    photos: Sequence[bytes], recipe: Recipe, out_dir: Path, listeners: Listeners, source: Path | None
) -> Result:
    from ml.pipeline import reconstruct as pipeline  # torch: only in a process that does not fork

    callbacks = {field.name: getattr(listeners, field.name) for field in fields(listeners)}
    if source is not None:
        model = pipeline.remix(source, recipe, out_dir, **callbacks)
    else:
        model = pipeline.reconstruct(photos, recipe, out_dir, **callbacks)
    return model.files, model.report


def connect(address: str, should_stop: ShouldStop) -> Connection:
    """A connection to the engine, once it listens. Raises EngineLost after START_SECONDS, Stopped."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if should_stop():
            raise Stopped
        try:
            return Client(address, family="AF_UNIX")
        except (FileNotFoundError, ConnectionError):
            time.sleep(CONNECT_RETRY_SECONDS)
    raise EngineLost("The engine did not start.")


def follow(engine: Connection, listeners: Listeners) -> Result:
    """Read the engine's messages until the end of the run, and pass them on to the listeners."""
    while True:
        while not engine.poll(STOP_POLL_SECONDS):
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
            raise _error_of(message)


def _error_of(message: dict[str, Any]) -> Exception:
    """The engine's rejection or error as an exception of this process."""
    if "refused" in message:
        return ReconstructionError(message["refused"]["code"], message["refused"]["message"])
    if message.get("errno"):
        return OSError(message["errno"], message["error"])
    return EngineFailed(message["error"])
