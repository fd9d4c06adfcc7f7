"""The warm engine: a process that the worker owns and restarts, and how a work horse runs a job in it.

torch must not compute in a process that forks, and loading it takes seconds. So it runs in `ml.serve.engine_server`,
beside the worker. To cancel a run or end it after its time limit, the work horse disconnects, which ends even a call
into C. An engine that falls silent, or that stays in one stage for too long, is killed by the work horse; the worker
starts another (docs/decisions/0008).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

from jobs.core import child_process
from ml import peer
from ml.errors import ReconstructionError, SharedEngineLost, Stopped
from ml.peer import COMPUTING_SHARE, SILENCE_SECONDS
from ml.recipe import Recipe
from ml.stages import Listeners, ShouldStop

logger = logging.getLogger(__name__)

ENGINE_MODULE = "ml.serve.engine_server"
SOCKET_VARIABLE = "RECONSITE_ENGINE"
"""Environment variable of a work horse: path of the socket of its worker's engine."""
STOP_POLL_SECONDS = 0.1
"""How often a work horse that waits for the engine checks whether the run has to stop."""
MAX_BEGINNINGS = 4
"""How many engines a run may try to begin on: one that ends before the first stage has done nothing for the job."""


class EngineLost(Exception):
    """The engine died during the run, or did not start; `was_killed` unless the work horse itself ended it."""

    was_killed = False


class NotBegun(EngineLost):
    """The engine was lost before the run's first stage."""


class EngineFailed(Exception):
    """The engine raised an unexpected error; the message is its traceback."""


class WarmEngine:
    """The worker's engine process. Starting it does not wait; the first job waits until it listens."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="reconsite-engine-")
        self.address = str(Path(self._folder.name) / "socket")
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0

    def ensure_running(self) -> None:
        """Start it if it is not running; restart it if it uses more than ENGINE_MAX_MB or did not come up in time."""
        if self.is_running():
            if self._memory_mb() < settings.ENGINE_MAX_MB and not self._start_failed():
                return
            self.stop()
        self._start()

    def replace_if_dead(self) -> None:
        """Start another during a run whose engine has ended."""
        if not self.is_running():
            self._start()

    def is_running(self) -> bool:
        """True while the process exists."""
        return self._process is not None and self._process.poll() is None

    def _start_failed(self) -> bool:
        late = time.monotonic() - self._started_at > peer.START_SECONDS
        return late and not Path(self.address).exists()

    def _start(self) -> None:
        self._started_at = time.monotonic()
        Path(self.address).unlink(missing_ok=True)
        # A session of its own: the signal that asks the worker to end after its job must not end the job.
        self._process = subprocess.Popen(
            [sys.executable, "-m", ENGINE_MODULE, self.address],
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


@dataclass(frozen=True)
class Plan:
    """How a run differs from a first one on photos.

    `source`: folder of an earlier result, whose scene is reused. `low_memory`: compute in smaller parts. `budgets`:
    seconds after which a stage is stuck; stages without one may take as long as the job.
    """

    source: Path | None = None
    low_memory: bool = False
    budgets: dict[str, float] = field(default_factory=dict)


def reconstruct(
    photos: Sequence[bytes], recipe: Recipe, out_dir: Path, listeners: Listeners, plan: Plan | None = None
) -> Result:
    """Make the model in the warm engine if this process has one, else in this process.

    Raises ReconstructionError, Stopped, EngineLost, EngineFailed, OSError.
    """
    plan = plan or Plan()
    address = os.environ.get(SOCKET_VARIABLE)
    if not address:
        return _reconstruct_in_process(photos, recipe, out_dir, listeners, plan.source)
    request: dict[str, Any] = {"photos": len(photos), "recipe": recipe.to_dict(), "out_dir": str(out_dir)}
    request |= {"source": str(plan.source)} if plan.source else {}
    request |= {"low_memory": True} if plan.low_memory else {}
    messages = [json.dumps(request).encode(), *photos]
    for _ in range(MAX_BEGINNINGS):
        try:
            return _run_once(address, messages, listeners, plan)
        except NotBegun as error:
            logger.warning("The engine was lost before the run began, trying the next one: %s", error)
            time.sleep(peer.CONNECT_RETRY_SECONDS)
    raise EngineLost(f"{MAX_BEGINNINGS} engines ended before the run began.")


def _run_once(address: str, messages: Sequence[bytes], listeners: Listeners, plan: Plan) -> Result:
    with connect(address, listeners.should_stop) as engine:
        # In a thread, because an engine that hangs does not read. It ends with the connection or the engine.
        threading.Thread(target=_send, args=(engine, messages), daemon=True).start()
        return follow(engine, listeners, EngineWatch(peer.pid_of(engine), plan.budgets))


def _send(engine: Connection, messages: Sequence[bytes]) -> None:
    with contextlib.suppress(OSError):  # `follow` sees it too
        for message in messages:
            engine.send_bytes(message)


def _reconstruct_in_process(
    photos: Sequence[bytes], recipe: Recipe, out_dir: Path, listeners: Listeners, source: Path | None
) -> Result:
    from ml.pipeline import reconstruct as pipeline  # torch: only in a process that does not fork

    callbacks = {listener.name: getattr(listeners, listener.name) for listener in fields(listeners)}
    try:
        if source is not None:
            model = pipeline.remix(source, recipe, out_dir, **callbacks)
        else:
            model = pipeline.reconstruct(photos, recipe, out_dir, **callbacks)
    except SharedEngineLost as error:
        raise EngineLost(str(error)) from error
    return model.files, model.report


def connect(address: str, should_stop: ShouldStop) -> Connection:
    """A connection to the engine, once it listens. Raises EngineLost if it does not start, Stopped."""
    try:
        return peer.connect(address, should_stop)
    except TimeoutError as error:
        raise EngineLost("The engine did not start.") from error


def follow(engine: Connection, listeners: Listeners, watch: EngineWatch) -> Result:
    """Read the engine's messages until the end of the run, and pass them on to the listeners.

    Raises what `reconstruct` raises, and NotBegun.
    """
    while True:
        try:
            message = _next_message(engine, listeners, watch)
        except (EOFError, ConnectionError) as error:
            raise watch.lost("The engine ended during the run.", was_killed=True) from error
        watch.heard(message)
        if "progress" in message:
            listeners.on_progress(*message["progress"])
        elif "file" in message:
            listeners.on_file(message["file"])
        elif "done" in message:
            return tuple(message["done"]["files"]), message["done"]["report"]
        elif "lost" in message:
            raise watch.lost(message["lost"], was_killed=True)
        elif "alive" not in message:
            raise _error_of(message)


def _next_message(engine: Connection, listeners: Listeners, watch: EngineWatch) -> dict[str, Any]:
    while not engine.poll(STOP_POLL_SECONDS):
        if listeners.should_stop():
            raise Stopped
        if problem := watch.problem():
            watch.kill()
            raise watch.lost(problem, was_killed=False)
    message: dict[str, Any] = json.loads(engine.recv_bytes())
    return message


class EngineWatch:
    """Notices an engine that hangs: one that sends nothing and does not compute, or stays in a stage for too long."""

    def __init__(self, pid: int, budgets: dict[str, float]) -> None:
        self._pid, self._budgets = pid, budgets
        self._stage = ""
        self._heard_at = self._progress_at = time.monotonic()
        self._cpu_seconds = self._read_cpu_seconds()

    def heard(self, message: dict[str, Any]) -> None:
        """The engine has sent a message."""
        self._heard_at, self._cpu_seconds = time.monotonic(), self._read_cpu_seconds()
        if "progress" in message:
            self._stage, self._progress_at = message["progress"][0], self._heard_at

    def problem(self) -> str:
        """Why the engine hangs; empty while it does not."""
        now = time.monotonic()
        if now - self._progress_at > self._budgets.get(self._stage, settings.JOB_TIMEOUT):
            return f"The engine made no progress in stage {self._stage} for {now - self._progress_at:.0f} s."
        silence = now - self._heard_at
        if silence > SILENCE_SECONDS and not self._is_computing(silence):
            return f"The engine was silent for {silence:.0f} s."
        return ""

    def _is_computing(self, silence: float) -> bool:
        return bool(self._stage) and self._read_cpu_seconds() - self._cpu_seconds > COMPUTING_SHARE * silence

    def _read_cpu_seconds(self) -> float:
        return peer.cpu_seconds(self._pid)

    def kill(self) -> None:
        """End the engine; the worker starts another."""
        peer.kill(self._pid)

    def lost(self, message: str, *, was_killed: bool) -> EngineLost:
        """The error of a run whose engine is lost."""
        error = EngineLost(message) if self._stage else NotBegun(message)
        error.was_killed = was_killed
        return error


def _error_of(message: dict[str, Any]) -> Exception:
    """The engine's rejection or error as an exception of this process."""
    if "refused" in message:
        return ReconstructionError(message["refused"]["code"], message["refused"]["message"])
    if message.get("errno"):
        return OSError(message["errno"], message["error"])
    return EngineFailed(message["error"])
