"""Run a site on several machines while they fail: `python -m scripts.cluster --jobs 60 --people 5`.

Exits with 1 if anything was lost, doubled, damaged, left behind or told too late.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from scripts import postgresql
from scripts.cluster import hosts
from scripts.cluster.site import Cluster, running

PHOTO = Path("static/samples/locomotive.webp")
"""Transparent, so that no network has to cut it out."""
SECONDS_PER_JOB = 2.5
"""Between two photos of all people together: about as fast as three workers with the sleeping engine."""


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make test-cluster")
    parser.add_argument("--jobs", type=int, default=60)
    parser.add_argument("--people", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=["sleeping", "compact"], default="sleeping", help="what the jobs run on")
    parser.add_argument("--only", default="", help="faults whose name contains this")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    return parser.parse_args()


def main() -> int:
    """Run, print, and say whether all held."""
    options = parse()
    if not postgresql.can_run():
        raise SystemExit("NO POSTGRESQL: install Debian's package postgresql.")
    random.seed(options.seed)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # or hosts and processes would stay
    folder, network = Path(tempfile.mkdtemp(prefix="reconsite-cluster-")), hosts.network()
    folder.chmod(0o711)  # nginx, and what else has a user of its own, may pass
    print(f"2 web, 3 worker and 2 reconciler hosts: {network.description}. Logs: {folder}", flush=True)
    try:
        with (
            postgresql.server(survives_crash=True, address=network.address) as url,
            running(folder, network, url, options.engine) as cluster,
        ):
            return run(cluster, options, postgresql.crash_and_start(url))
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


def run(cluster: Cluster, options: argparse.Namespace, postgres: Any) -> int:
    """People send photos while the faults happen."""
    import django

    django.setup()
    from scripts.chaos import world
    from scripts.cluster import checks, faults

    clients, stop, started = _clients(cluster, options), threading.Event(), time.monotonic()
    threads = _send(clients, options, stop)
    problems = []
    print("| fault | truth after | whole fault |\n|---|---|---|")
    for fault in faults.FAULTS:
        if options.only in fault.__name__.replace("_", " "):
            _keep_busy(clients)
            problems += _one(fault, cluster, faults.Postgres(*postgres))
    for thread in threads:
        thread.join()
    try:
        world.wait_until(lambda: not _active(), "end of all jobs")
        problems += checks.check(cluster, clients)
    except AssertionError as error:
        problems.append(str(error))
    refused = sum(client.refused for client in clients)
    print(f"\n{checks.summary()}; {refused} requests had to be repeated; {time.monotonic() - started:.0f} s.")
    print(f"{len(problems)} problems", *problems, sep="\n")
    return 1 if problems else 0


def _keep_busy(clients: list[Any]) -> None:
    """A fault needs running jobs, even if the people have sent all of theirs."""
    for client in clients:
        if not _active():
            client.send_one()


def _active() -> bool:
    from jobs.models import Job
    from scripts.chaos.world import patiently

    return bool(patiently(lambda: Job.objects.active().exists()))


def _clients(cluster: Cluster, options: argparse.Namespace) -> list[Any]:
    from scripts.chaos.world import Person
    from scripts.cluster.people import Client

    photo = PHOTO.read_bytes()
    persons = [Person.create(cluster, photo, f"person-{number}") for number in range(options.people)]
    return [Client(person, random.Random(options.seed + number)) for number, person in enumerate(persons)]


def _send(clients: list[Any], options: argparse.Namespace, stop: threading.Event) -> list[threading.Thread]:
    seconds = options.jobs * SECONDS_PER_JOB
    threads = []
    for number, client in enumerate(clients):
        share = options.jobs // len(clients) + (number < options.jobs % len(clients))
        threads.append(threading.Thread(target=client.send, args=(share, seconds, stop), daemon=True))
        threads[-1].start()
    return threads


def _one(fault: Any, cluster: Cluster, postgres: Any) -> list[str]:
    """The problems of a fault."""
    from scripts.cluster import faults

    started, name = time.monotonic(), fault.__name__.replace("_", " ")
    try:
        truth = fault(cluster, postgres)
    except AssertionError as error:
        return [f"{name}: {error}"]
    known = "" if truth is None else f"{truth:.1f} s"
    print(f"| {name} | {known} | {time.monotonic() - started:.0f} s |", flush=True)
    late = truth is not None and truth > faults.TRUTH_SECONDS
    return [f"{name}: the truth took {truth:.1f} s"] if late else []


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
