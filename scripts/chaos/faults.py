"""The faults. Each gets running jobs, breaks something, mends what a supervisor or an operator would mend, and returns.

A fault returns the seconds until the row said the truth about a lost run, or None where no run is lost.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import psutil
from django.db import connection
from websockets.sync.client import connect

from jobs.core import queue, services
from jobs.models import Job, State
from scripts.chaos import hooks
from scripts.chaos.site import WORKERS, Site
from scripts.chaos.world import Person, wait_until

LOCAL_SECONDS, REMOTE_SECONDS = 5.0, 15.0
"""The truth about a lost run: where the worker lives, and where it does not."""
HOUR_SECONDS = 3600
LOCK_SECONDS = 25.0
"""Longer than SQLite waits by itself, shorter than a lease."""


@dataclass
class Run:
    """What a fault works on; `jobs` are those that were submitted for it."""

    site: Site
    person: Person
    jobs: list[Job]
    postgresql: Postgres | None = None
    longest_request: float = 0.0

    def submit(self, number: int = 1) -> None:
        """More jobs."""
        self.jobs += [self.person.submit() for _ in range(number)]

    def busy(self, stage: bool = True, workers: Sequence[str] = WORKERS) -> tuple[str, Job]:
        """One of the workers in the middle of a job, and the job."""
        found: list[tuple[str, Job]] = []

        def look() -> bool:
            running = Job.objects.filter(state=State.RUNNING, pk__in=[job.pk for job in self.jobs])
            for job in running.exclude(stage="") if stage else running:
                for name in workers:
                    horse = self.site.horse(name)
                    if horse is not None and f":{horse.pid}:" in job.holder:
                        found.append((name, job))
            return bool(found)

        wait_until(look, "running job")
        return found[0]


@dataclass(frozen=True)
class Postgres:
    """How to crash and start the server."""

    crash: Callable[[], None]
    start: Callable[[], None]


def _truth(job: Job) -> float:
    """Seconds until the row no longer claims that the lost run goes on."""
    token = job.lease_token

    def known() -> bool:
        job.refresh_from_db()
        return job.lease_token != token

    return wait_until(known, "truth")


def kill_child(run: Run) -> float:
    name, job = run.busy()
    horse = run.site.horse(name)
    if horse is not None:
        horse.kill()
    return _truth(job)


def kill_parent(run: Run) -> float:
    name, job = run.busy()
    run.site.kill(name)
    seconds = _truth(job)
    run.site.ensure()
    return seconds


def kill_both(run: Run) -> float:
    name, job = run.busy()
    horse = run.site.horse(name)
    run.site.processes[name].send_signal(signal.SIGSTOP)
    if horse is not None:
        horse.kill()
    run.site.kill(name)
    seconds = _truth(job)
    run.site.ensure()
    return seconds


def kill_engine(run: Run) -> float:
    name, job = run.busy()
    engine = run.site.engine(name)
    if engine is not None:
        engine.kill()
    return _truth(job)


def kill_idle_engine(run: Run) -> None:
    for name in WORKERS:
        engine = run.site.engine(name)
        if engine is not None:
            engine.kill()
    run.submit()


def killed_at(point: str) -> Callable[[Run], None]:
    def fault(run: Run) -> None:
        hooks.order(point)
        run.submit()
        wait_until(lambda: not hooks.is_set(point), f"kill {point}")

    fault.__name__ = f"kill_{point.replace('-', '_')}"
    return fault


def disk_full_at(point: str) -> Callable[[Run], None]:
    def fault(run: Run) -> None:
        hooks.order(point)
        run.submit(2)
        wait_until(lambda: not hooks.is_set(point), point)
        wait_until(lambda: not Job.objects.filter(pk__in=[job.pk for job in run.jobs]).active().exists(), "end")
        failed = [job for job in Job.objects.filter(pk__in=[job.pk for job in run.jobs]) if job.state == State.FAILED]
        assert all(job.failure_code == "storage_full" for job in failed), [job.failure_code for job in failed]
        assert len(failed) <= 1
        for job in failed:
            assert services.retry(job)

    fault.__name__ = f"disk_{point.replace('-', '_')}"
    return fault


def disk_full_upload(run: Run) -> None:
    """The web process cannot store a photo: nothing of the job is left, and the next one is accepted."""
    before = Job.objects.count()
    hooks.order("full-upload")
    status, body = run.person.post()
    assert (status, body["code"]) == (507, "storage_full"), (status, body)
    assert Job.objects.count() == before
    run.submit()


def sigterm(run: Run) -> None:
    name, _ = run.busy()
    run.site.processes[name].terminate()
    run.site.processes[name].wait(60)
    run.site.ensure()


def sigterm_twice(run: Run) -> None:
    name, job = run.busy()
    run.site.processes[name].terminate()
    time.sleep(1.1)
    run.site.processes[name].terminate()
    run.site.processes[name].wait(60)
    job.refresh_from_db()
    assert job.restarts == 0, "a stop was counted"
    run.site.ensure()


def redis_frozen(run: Run) -> None:
    run.busy()
    redis = run.site.processes["redis"]
    redis.send_signal(signal.SIGSTOP)
    try:
        for title in (b"one", b"two"):
            status, _, seconds = run.person.call(f"/jobs/{run.jobs[0].pk}/", "PATCH", b'{"title": "%s"}' % title)
            assert status == 200, status
            run.longest_request = max(run.longest_request, seconds)
        run.submit()
    finally:
        redis.send_signal(signal.SIGCONT)


def redis_killed(run: Run) -> None:
    run.submit(3)
    run.site.kill("redis")
    run.submit()
    time.sleep(1)
    run.site.ensure()


def redis_lost(run: Run) -> None:
    run.submit(3)
    run.site.kill("redis")
    shutil.rmtree(run.site.folder / "redis")
    run.site.ensure()


def postgresql_crash(run: Run) -> None:
    assert run.postgresql is not None
    run.busy()
    run.postgresql.crash()
    time.sleep(2)
    run.postgresql.start()


def suspended_worker(run: Run) -> float:
    """As one that is cut off the network: it neither renews nor ends, and comes back when another has its job."""
    name, job = run.busy()
    family = [psutil.Process(run.site.processes[name].pid), *run.site.children(name)]
    for process in family:
        process.suspend()
    try:
        return _truth(job)
    finally:
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()


def cut_off_worker(run: Run) -> float:
    """Its connections to the database and Redis neither answer nor break; they are lost when the network is back."""
    run.submit(4)
    _, job = run.busy(workers=WORKERS[:1])
    for wire in run.site.wires:
        wire.cut()
    try:
        return _truth(job)
    finally:
        for wire in run.site.wires:
            wire.mend()


@contextlib.contextmanager
def _sqlite_lock() -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def database_locked(run: Run) -> None:
    run.busy()
    with _sqlite_lock():
        deadline = time.monotonic() + LOCK_SECONDS
        while time.monotonic() < deadline:
            status, _, seconds = run.person.call(f"/jobs/{run.jobs[0].pk}/")
            assert status == 200, status
            run.longest_request = max(run.longest_request, seconds)
            time.sleep(0.5)


def engine_frozen(run: Run) -> float:
    """Tried again if the run had just ended: an idle engine is only missed by the next job."""
    while True:
        name, job = run.busy()
        engine = run.site.engine(name)
        if engine is None:
            continue
        engine.suspend()
        seconds = _wait_for_end(engine, job)
        if _has_ended(engine):
            return seconds
        engine.resume()
        run.submit()


def _wait_for_end(engine: psutil.Process, job: Job) -> float:
    """Seconds until the engine, or the run, has ended."""
    held = Job.objects.filter(pk=job.pk, lease_token=job.lease_token)
    return wait_until(lambda: _has_ended(engine) or not held.exists(), "end of the frozen engine", 25)


def _has_ended(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def idle_engine_frozen(run: Run) -> float:
    wait_until(lambda: not Job.objects.active().exists() and all(map(run.site.engine_listens, WORKERS)), "idle engines")
    engines = [engine for name in WORKERS if (engine := run.site.engine(name))]
    for engine in engines:
        engine.suspend()
    run.submit()
    return wait_until(lambda: not all(engine.is_running() for engine in engines), "end of a frozen engine", 25)


def cancel_races(number: int) -> Callable[[Run], None]:
    def fault(run: Run) -> None:
        hooks.order("fast")
        try:
            for _ in range(number):
                run.submit()
                deadline = time.monotonic() + random.uniform(0, 1.5)
                job = run.jobs[-1]
                while time.monotonic() < deadline and not Job.objects.filter(pk=job.pk, stage="export").exists():
                    time.sleep(0.002)
                run.person.call(f"/jobs/{job.pk}/cancel/", "POST")
        finally:
            hooks.take("fast")

    fault.__name__ = f"cancel_races_finish_{number}_times"
    return fault


def duplicate_deliveries(run: Run) -> None:
    run.submit()
    for number in range(2, 7):
        queue.enqueue(run.jobs[-1].pk, 1, number)


def clock_jump(seconds: int) -> Callable[[Run], None]:
    def fault(run: Run) -> None:
        run.busy()
        hooks.order("clock", str(seconds))
        time.sleep(8)
        hooks.take("clock")
        time.sleep(1)

    fault.__name__ = f"clock_jump_{'forward' if seconds > 0 else 'back'}"
    return fault


def sockets_drop(run: Run) -> None:
    run.submit()
    job = run.jobs[-1]
    address = f"ws{run.site.address[4:]}/ws/jobs/{job.pk}/"
    for _ in range(5):
        socket = connect(address, additional_headers={"Authorization": f"Bearer {run.person.token}"})
        socket.recv(timeout=30)
        socket.socket.shutdown(2)


def web_killed(run: Run) -> None:
    run.submit()
    run.site.kill("web")
    run.site.ensure()
    run.submit()


@dataclass(frozen=True)
class Fault:
    """`limit`: seconds until the truth must be known. `jobs` are submitted before it."""

    run: Callable[[Run], float | None]
    limit: float = REMOTE_SECONDS
    jobs: int = 2
    only: str = ""
    may_cancel: bool = False
    engine: str = ""
    """The only engine on which it works; any if empty."""

    @property
    def name(self) -> str:
        """As in the table."""
        return self.run.__name__.replace("_", " ")


def all_faults(races: int) -> list[Fault]:
    """Every fault, the points of a kill one by one."""
    return [
        Fault(kill_child, LOCAL_SECONDS),
        Fault(kill_parent, LOCAL_SECONDS),
        Fault(kill_both),
        Fault(kill_engine, LOCAL_SECONDS),
        Fault(kill_idle_engine),
        *(Fault(killed_at(point), jobs=1) for point in hooks.POINTS),
        *(Fault(disk_full_at(point), jobs=0) for point in hooks.FULL),
        Fault(disk_full_at("full-engine"), jobs=0, engine="sleeping"),
        Fault(disk_full_upload, jobs=0),
        Fault(sigterm),
        Fault(sigterm_twice),
        Fault(redis_frozen),
        Fault(redis_killed, jobs=0),
        Fault(redis_lost, jobs=0),
        Fault(postgresql_crash, only="postgresql"),
        Fault(suspended_worker, only="postgresql"),
        Fault(cut_off_worker, only="postgresql"),
        Fault(database_locked, only="sqlite"),
        Fault(engine_frozen, limit=20.0),
        Fault(idle_engine_frozen, limit=20.0, jobs=0),
        Fault(cancel_races(races), jobs=0, may_cancel=True, engine="sleeping"),
        Fault(duplicate_deliveries, jobs=0),
        Fault(clock_jump(HOUR_SECONDS)),
        Fault(clock_jump(-HOUR_SECONDS)),
        Fault(sockets_drop, jobs=0),
        Fault(web_killed, jobs=0),
    ]
