"""Break a whole site in every way, and check after each fault that nothing was lost.

`python -m scripts.chaos --seed 7 --database postgresql` runs each fault once, in an order that the seed decides, until
the time is up. It prints a row per fault, and exits with 1 if anything was lost, doubled, stuck or told too late.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

from scripts import postgresql
from scripts.chaos.site import Site, running

MAX_REQUEST_SECONDS = 3.0
"""For a whole request on a machine that two workers keep busy; half a second of it may be the wait for Redis."""


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=180, help="start no further fault after this time")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--races", type=int, default=20, help="how often a cancel is raced with the end of a run")
    parser.add_argument("--engine", choices=["sleeping", "compact"], default="sleeping", help="what the jobs run on")
    parser.add_argument("--only", default="", help="faults whose name contains this")
    return parser.parse_args()


@contextlib.contextmanager
def database(kind: str) -> Iterator[tuple[str, Any]]:
    """The URL of an empty database, and the folder and port of a PostgreSQL server."""
    if kind == "sqlite":
        yield "", None
        return
    if not postgresql.can_run():
        raise SystemExit("NO POSTGRESQL: install Debian's package postgresql.")
    with postgresql.server(survives_crash=True) as url:
        yield url, url


def main() -> int:
    """Run, print, and say whether all held."""
    options = parse()
    random.seed(options.seed)
    os.environ["CHAOS_ENGINE"] = options.engine
    folder = Path(tempfile.mkdtemp(prefix="reconsite-chaos-"))
    with database(options.database) as (url, server), running(folder, url) as site:
        django.setup()
        from scripts.chaos import faults

        crash = faults.Postgres(*postgresql.crash_and_start(server)) if server else None
        return Chaos(site, options, crash).run()


class Chaos:
    """One run of the command, and what it has found."""

    def __init__(self, site: Site, options: argparse.Namespace, postgres: Any) -> None:
        self._site, self._options, self._postgres = site, options, postgres
        self._problems: list[str] = []
        self._jobs = 0
        self._longest_request = 0.0

    def run(self) -> int:
        """All faults that fit into the time."""
        from scripts.chaos import faults
        from scripts.chaos.world import Person

        person = Person.create(self._site, _photo())
        print("| fault | jobs | truth after | whole fault | problems |\n|---|---|---|---|---|")
        chosen = [fault for fault in faults.all_faults(self._options.races) if self._fits(fault)]
        random.shuffle(chosen)
        deadline = time.monotonic() + self._options.seconds
        done = 0
        for fault in chosen:
            if time.monotonic() > deadline:
                break
            self._one(fault, person)
            done += 1
        print(
            f"\n{done} of {len(chosen)} faults, {self._jobs} jobs, {len(self._problems)} problems; "
            f"longest request while Redis or SQLite did not answer: {self._longest_request:.2f} s"
        )
        print(*self._problems, sep="\n")
        return 1 if self._problems else 0

    def _fits(self, fault: Any) -> bool:
        has_engine = fault.engine in ("", self._options.engine)
        return fault.only in ("", self._options.database) and has_engine and self._options.only in fault.name

    def _one(self, fault: Any, person: Any) -> None:
        from scripts.chaos import faults, world

        run = faults.Run(self._site, person, [], self._postgres)
        started = time.monotonic()
        try:
            run.submit(fault.jobs)
            truth = fault.run(run)
            self._site.ensure()
            world.wait_for_end(run.jobs)
            found = world.check(self._site, person, run.jobs, may_cancel=fault.may_cancel)
        except Exception as error:
            found, truth = [f"{type(error).__name__}: {error}"], None
            self._site.ensure()
        if truth is not None and truth > fault.limit:
            found.append(f"the truth took {truth:.1f} s")
        if run.longest_request > MAX_REQUEST_SECONDS:
            found.append(f"a request took {run.longest_request:.1f} s")
        self._longest_request = max(self._longest_request, run.longest_request)
        self._jobs += len(run.jobs)
        self._problems += [f"{fault.name}: {problem}" for problem in found]
        self._print(fault.name, len(run.jobs), truth, time.monotonic() - started, len(found))

    def _print(self, name: str, jobs: int, truth: float | None, seconds: float, problems: int) -> None:
        known = "" if truth is None else f"{truth:.1f} s"
        print(f"| {name} | {jobs} | {known} | {seconds:.0f} s | {problems or 'none'} |", flush=True)


def _photo() -> bytes:
    """A sample of the site: transparent, so that no network has to cut it out."""
    return Path("static/samples/locomotive.webp").read_bytes()


if __name__ == "__main__":
    sys.exit(main())
