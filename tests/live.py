"""The real site in its own processes (daphne, worker, reconciler), with the database and the Redis of the tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from django.db import connection

from scripts.ports import free_port, wait_for_port

ROOT = Path(__file__).parent.parent


def database_url() -> str:
    """URL of the running test's database, for another process."""
    name = connection.settings_dict["NAME"]
    server = os.environ.get("TEST_DATABASE_URL")
    return f"{server.rsplit('/', 1)[0]}/{name}" if server else f"sqlite:///{name}"


def environment(port: int, **more: str) -> dict[str, str]:
    """Environment of a process that uses the data of the running test."""
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "SITE_URL": f"http://localhost:{port}",
        "OMP_NUM_THREADS": "2",
        **more,
    }


@dataclass
class Process:
    """One process of the site and its children."""

    popen: subprocess.Popen[bytes]

    def family(self) -> list[psutil.Process]:
        """The process and its children."""
        with suppress(psutil.NoSuchProcess):
            own = psutil.Process(self.popen.pid)
            return [own, *own.children(recursive=True)]
        return []

    def engine(self) -> psutil.Process:
        """The warm engine of a worker."""
        return next(process for process in self.family() if "ml.serve.engine_server" in process.cmdline())

    def horse(self) -> psutil.Process:
        """The process in which a worker runs the current job."""
        return next(process for process in self.family()[1:] if "ml.serve.engine_server" not in process.cmdline())

    def kill(self) -> None:
        """SIGKILL for all of them at once, like a power failure."""
        family = self.family()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        self.popen.wait()
        psutil.wait_procs(family, timeout=30)

    def end(self) -> None:
        """SIGTERM, then SIGKILL for those that do not exit."""
        family = self.family()
        with suppress(ProcessLookupError):
            self.popen.terminate()
        psutil.wait_procs(family, timeout=10)
        self.kill()


def start(arguments: list[str], env: dict[str, str]) -> Process:
    """Start one process of the site."""
    return Process(subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=env))


def start_worker(**more: str) -> Process:
    """A real RQ worker that forks."""
    return start(["manage.py", "worker"], environment(8000, **more))


@contextmanager
def site(**more: str) -> Iterator[str]:
    """The whole site; yields its address."""
    port = free_port()
    env = environment(port, **more)
    daphne = [str(Path(sys.executable).with_name("daphne")), "-p", str(port)]
    web = start([*daphne, "reconsite.asgi:application"], env)
    others = [start(["manage.py", name], env) for name in ("worker", "reconcile")]
    try:
        wait_for_port(port, web.popen)
        yield f"http://localhost:{port}"
    finally:
        for process in (web, *others):
            process.end()


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for something that another process does. Raises AssertionError with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"No {what} within {seconds} s"
        time.sleep(0.05)
