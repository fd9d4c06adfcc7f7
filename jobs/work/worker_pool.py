"""TRIPOSR_BATCH workers on one machine that share one TripoSR network, and the process that runs it.

Each worker is a whole one, with its own engine, and takes one job at a time; only the pass through the network happens
in `ml.serve.scene_server`, for all photos that wait there (docs/decisions/0012). This parent starts them, starts them
again when they die, and passes on the signals that ask a worker to end.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from jobs.core import child_process, routing
from ml.engine_registry import SHARED_TRIPOSR

logger = logging.getLogger(__name__)

SERVER_MODULE = "ml.serve.scene_server"
POLL_SECONDS = 0.2
"""How soon a process that has died is noticed."""
RESTART_SECONDS = 1.0
"""Pause before it is started again, to spare a machine on which it cannot start."""
PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>: the signal that a process gets when its parent ends."""

_libc = ctypes.CDLL(None)


def is_wanted() -> bool:
    """Whether this process has to run several workers; not within one of them, nor where TripoSR does not run."""
    return settings.TRIPOSR_BATCH > 1 and SHARED_TRIPOSR not in os.environ and "triposr" in routing.worker_engines()


def run(name: str | None, *, burst: bool) -> None:
    """Run the workers until they have ended: after SIGTERM, or, with `burst`, when the queues are empty."""
    with tempfile.TemporaryDirectory(prefix="reconsite-triposr-") as folder:
        address = str(Path(folder) / "socket")
        server = Process([sys.executable, "-m", SERVER_MODULE, address, str(settings.TRIPOSR_BATCH)], {})
        command = [sys.executable, "manage.py", "worker", *(["--name", name] if name else [])]
        command += ["--burst"] if burst else []
        workers = [Process(command, _environment(address, number)) for number in range(settings.TRIPOSR_BATCH)]
        Pool(server, workers, burst=burst).run()


def _environment(address: str, number: int) -> dict[str, str]:
    """Of a worker: the cores are shared out, and only the first measures the machine's speed."""
    threads = str(max(1, len(os.sched_getaffinity(0)) // settings.TRIPOSR_BATCH))
    shared = {SHARED_TRIPOSR: address, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", threads)}
    return shared if number == 0 else shared | {"CALIBRATE": "0"}


@dataclass
class Process:
    """A process of the pool. Its standard input is a pipe: the scene server exits when it closes."""

    command: Sequence[str]
    environment: Mapping[str, str]
    popen: subprocess.Popen[bytes] | None = None
    start_at: float = 0.0

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the pool alone."""
        self.popen = subprocess.Popen(
            self.command,
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # safe here: this process has one thread
            env=child_process.environment() | dict(self.environment),
        )

    def keep_running(self) -> None:
        """Start it if it does not run, a moment after it has died."""
        if self.popen is not None and self.popen.poll() is not None:
            logger.warning("%s ended with status %s and starts again", self.command[-1], self.popen.returncode)
            self.popen, self.start_at = None, time.monotonic() + RESTART_SECONDS
        if self.popen is None and time.monotonic() >= self.start_at:
            self.start()

    def status(self) -> int | None:
        """Its exit status, None while it runs or has not been started."""
        return None if self.popen is None else self.popen.poll()

    def ask_to_end(self) -> None:
        """SIGTERM, if it runs."""
        if self.popen is not None:
            self.popen.terminate()

    def end(self) -> None:
        """Close its standard input, and kill it if that does not end it."""
        if self.popen is not None and self.popen.stdin is not None:
            self.popen.stdin.close()
            self.popen.kill()
            self.popen.wait()


def _end_with_parent() -> None:
    """In a new child, before its program starts: a worker whose pool is killed ends after its job."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Pool:
    """The scene server and the workers that use it."""

    def __init__(self, server: Process, workers: Sequence[Process], *, burst: bool) -> None:
        self._server, self._workers, self._burst = server, list(workers), burst
        self._stops = self._passed_on = 0

    def run(self) -> None:
        """Return once every worker has ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._request_stop)
        try:
            while self._workers:
                self._server.keep_running()
                self._pass_on_stops()
                self._workers = [worker for worker in self._workers if not self._is_done(worker)]
                for worker in self._workers if not self._stops else ():
                    worker.keep_running()
                time.sleep(POLL_SECONDS)
        finally:
            self._server.end()

    def _is_done(self, worker: Process) -> bool:
        if self._stops:
            return worker.popen is None or worker.status() is not None
        return self._burst and worker.status() == 0

    def _request_stop(self, number: int, frame: Any) -> None:
        """Only count: a worker that is being started at this moment has to get the signal too."""
        self._stops += 1

    def _pass_on_stops(self) -> None:
        """SIGTERM for each worker: it finishes its job first; at the second one it gives its job back."""
        while self._passed_on < self._stops:
            self._passed_on += 1
            for worker in self._workers:
                worker.ask_to_end()
