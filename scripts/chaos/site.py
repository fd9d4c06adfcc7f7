"""The whole site of a chaos run: Redis, database, daphne, two workers, two reconcilers, in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from scripts.chaos.wire import Wire
from scripts.ports import free_port, wait_for_port
from scripts.preflight import ROOT
from scripts.redis_server import arguments, find_server

WORKERS = ("worker-1", "worker-2")
COMMANDS = {
    "worker-1": ["-m", "scripts.chaos.process", "worker"],
    "worker-2": ["-m", "scripts.chaos.process", "worker"],
    "reconciler-1": ["-m", "scripts.chaos.process", "reconcile"],
    "reconciler-2": ["-m", "scripts.chaos.process", "reconcile"],
}


@dataclass
class Site:
    """Its processes by name; `start` and `signal` are what the faults need."""

    folder: Path
    web_port: int
    redis_port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    wires: list[Wire] = field(default_factory=list)
    behind_wires: dict[str, str] = field(default_factory=dict)
    """Environment of the first worker: addresses of Redis and PostgreSQL that can be cut."""

    @property
    def address(self) -> str:
        """Of the web process."""
        return f"http://127.0.0.1:{self.web_port}"

    def start(self, name: str) -> None:
        """Start a process that has ended."""
        log = (self.folder / f"{name}.log").open("ab")
        command = self._command(name)
        environment = {**os.environ, **self.behind_wires} if name == WORKERS[0] else None
        self.processes[name] = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=environment)
        log.close()
        if name in ("redis", "web"):
            wait_for_port(self.redis_port if name == "redis" else self.web_port, self.processes[name])

    def _command(self, name: str) -> list[str]:
        if name == "redis":
            data = self.folder / "redis"
            data.mkdir(exist_ok=True)
            return [find_server(), *arguments(data, str(self.redis_port))]
        if name == "web":
            return [sys.executable, "-m", "scripts.chaos.process", "web", str(self.web_port)]
        return [sys.executable, *COMMANDS[name]]

    def ensure(self) -> None:
        """Start whatever has ended, as a supervisor does."""
        for name in ("redis", "web", *COMMANDS):
            if name not in self.processes or self.processes[name].poll() is not None:
                self.start(name)

    def kill(self, name: str) -> None:
        """SIGKILL, and wait until it is gone."""
        self.processes[name].kill()
        self.processes[name].wait()

    def children(self, name: str) -> list[psutil.Process]:
        """Children of a process."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return list(psutil.Process(self.processes[name].pid).children())
        return []

    def engine(self, name: str) -> psutil.Process | None:
        """The engine of a worker."""
        return next((child for child in self.children(name) if _is_engine(child)), None)

    def engine_listens(self, name: str) -> bool:
        """Whether the engine of a worker has started; one that has not may take START_SECONDS."""
        engine = self.engine(name)
        return engine is not None and Path(engine.cmdline()[-1]).exists()

    def horse(self, name: str) -> psutil.Process | None:
        """The process of a worker's current job."""
        return next((child for child in self.children(name) if not _is_engine(child)), None)

    def stop(self) -> None:
        """End everything."""
        for process in self.processes.values():
            with contextlib.suppress(psutil.NoSuchProcess):
                children = psutil.Process(process.pid).children(recursive=True)
                for child in children:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        child.kill()
            process.send_signal(signal.SIGKILL)
            process.wait()


def _is_engine(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return "engine" in " ".join(process.cmdline()[1:3])
    return False


def lay_wires(site: Site, database_url: str) -> None:
    """Put the first worker behind wires, where the database is reached through a port."""
    urls = {"REDIS_URL": f"redis://127.0.0.1:{site.redis_port}/0", "DATABASE_URL": database_url}
    for name, url in urls.items():
        parsed = urlsplit(url)
        if not database_url or not parsed.port:
            continue
        wire = Wire((parsed.hostname or "127.0.0.1", parsed.port))
        site.wires.append(wire)
        site.behind_wires[name] = url.replace(f":{parsed.port}/", f":{wire.port}/")


@contextlib.contextmanager
def running(folder: Path, database_url: str) -> Iterator[Site]:
    """A started site; sets the environment of this process, too, before Django reads its settings."""
    site = Site(folder, free_port(), free_port())
    os.environ.update(
        DJANGO_SETTINGS_MODULE="reconsite.settings",
        CHAOS_DIR=str(folder / "orders"),
        VAR_DIR=str(folder / "var"),
        MEDIA_ROOT=str(folder / "media"),
        MODELS_DIR=os.environ.get("MODELS_DIR") or str(ROOT / "var" / "models"),
        REDIS_URL=f"redis://127.0.0.1:{site.redis_port}/0",
        DATABASE_URL=database_url or f"sqlite:///{folder / 'var' / 'db.sqlite3'}",
        SITE_URL=site.address,
        DEBUG="1",
        SUBMIT_RATE="100000/min",
        MAX_ACTIVE_JOBS="1000",
        CALIBRATE="0",  # its process would be taken for a work horse
        RING_AGAIN_SECONDS="4",
        LOG_LEVEL="WARNING",
        OMP_NUM_THREADS="1",
    )
    for name in ("orders", "var", "media"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
    lay_wires(site, database_url)
    try:
        site.ensure()
        yield site
    finally:
        site.stop()
        if not os.environ.get("CHAOS_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)
