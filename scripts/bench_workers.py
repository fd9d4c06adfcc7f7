"""Jobs a minute of 1, 2 and 4 workers on this machine: `make workers` (WORKERS_EACH="1 2" JOBS=n).

Each job makes a model of our robot with the compact engine at draft quality. The workers are warm: each has made one
model before the clock starts. They share the cores evenly.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import tests.environment  # noqa: F401  (its own database, files and Redis; before Django's settings)

import django  # isort: skip

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reconsite.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db.models import QuerySet  # noqa: E402

from accounts.models import User  # noqa: E402
from jobs.core import services  # noqa: E402
from jobs.models import Job, State  # noqa: E402
from ml.recipe import Recipe  # noqa: E402
from scripts.preflight import ROOT  # noqa: E402
from tests.live import Process, start_worker, wait_until  # noqa: E402

PHOTO = ROOT / "static" / "samples" / "robot.webp"
MOST_SECONDS = 900
_numbers = count()


def main() -> None:
    """One line per number of workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--jobs", type=int, default=16)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    print(f"load average before: {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    print("| workers | jobs a minute | processor seconds a job |\n|---|---|---|")
    for workers in options.workers:
        with running(workers) as processes:
            warm_up(workers)
            before, started = processor_seconds(processes), time.monotonic()
            make_models(options.jobs)
            minutes = (time.monotonic() - started) / 60
            each = (processor_seconds(processes) - before) / options.jobs
        print(f"| {workers} | {options.jobs / minutes:.1f} | {each:.1f} |", flush=True)


@contextmanager
def running(workers: int) -> Iterator[list[Process]]:
    """So many workers, which share the cores."""
    threads = max(1, (os.cpu_count() or 1) // workers)
    processes = [start_worker(OMP_NUM_THREADS=str(threads)) for _number in range(workers)]
    try:
        yield processes
    finally:
        for process in processes:
            process.end()


def warm_up(workers: int) -> None:
    """Make models until each worker has made one."""
    seen: set[str] = set()
    while len(seen) < workers:
        seen |= set(make_models(workers).values_list("worker", flat=True))


def make_models(number: int) -> QuerySet[Job]:
    """Submit so many jobs, wait for them and return them. Raises AssertionError if one fails."""
    jobs = Job.objects.filter(pk__in=[submit().pk for _job in range(number)])
    wait_until(lambda: not jobs.exclude(finished_at__isnull=False).exists(), MOST_SECONDS, "end of the jobs")
    assert not jobs.exclude(state=State.SUCCEEDED).exists()
    return jobs


def submit() -> Job:
    """One job, by somebody who has none: a person may only have a few at once."""
    name = f"person-{next(_numbers)}"
    owner = User.objects.create_user(name, f"{name}@example.org")
    return services.submit(owner, [(PHOTO.read_bytes(), PHOTO.name)], Recipe(quality="draft")).job


def processor_seconds(processes: list[Process]) -> float:
    """Of the workers, their engines, and all processes that have ended in them."""
    total = 0.0
    for member in (member for process in processes for member in process.family()):
        times = member.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


if __name__ == "__main__":
    main()
