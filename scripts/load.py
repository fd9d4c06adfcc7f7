"""Whether one web process keeps up while a job runs: `make load` (CLIENTS=50 SOCKETS=200 DURATION=60).

Clients poll their jobs by token, as often as `Retry-After` says; sockets follow the same jobs; a worker makes a model
meanwhile. Ends with 1 unless every request and socket has succeeded and 95 % of the requests took at most 250 ms, which
is only to be expected of a machine that does nothing else: the load average before the run is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from scripts.bench_sockets import Person, open_all, person  # first: it sets up Django

import httpx  # isort: skip
import psutil  # isort: skip
from django.core.management import call_command  # isort: skip

from accounts.models import User  # isort: skip
from jobs.core import services  # isort: skip
from jobs.models import Job, State  # isort: skip
from ml.recipe import Recipe  # isort: skip
from scripts.ports import free_port, wait_for_port  # isort: skip
from tests.conftest import encoded, picture  # isort: skip
from tests.live import environment, start, start_worker  # isort: skip

MAX_P95_SECONDS = 0.25
DAPHNE = [str(Path(sys.executable).with_name("daphne")), *["-v", "0", "--websocket_connect_timeout", "20"]]
DAPHNE += ["reconsite.asgi:application"]
"""As in the Procfile, without the log of requests."""
SPREAD_SECONDS = 2.0
"""The clients begin within this time, as people do; all at once they would stay in step."""


@dataclass
class Polled:
    """How long each request took, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def p95(self) -> float:
        """95 % of the requests took at most so long."""
        return quantiles(self.seconds, n=20)[-1]


def main() -> int:
    """Start the site with a worker, open the sockets, poll, and print what was measured."""
    options = arguments()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    print(f"load average before: {os.getloadavg()[0]:.1f}", flush=True)
    call_command("migrate", verbosity=0)
    people = [person(number) for number in range(options.clients)]
    port = free_port()
    web, worker = start([*DAPHNE, "-p", str(port)], environment(port, MAX_SOCKETS_PER_ADDRESS="5000")), start_worker()
    try:
        wait_for_port(port, web.popen)
        job = services.submit(owner(), [(encoded(picture(800)), "lamp.png")], Recipe(quality="high")).job
        polled = asyncio.run(measure(f"http://localhost:{port}", people, options, psutil.Process(web.popen.pid)))
    finally:
        web.end()
        worker.end()
    job.refresh_from_db()
    print(f"the job: {job.state}, {job.stage or 'no stage'}")
    return report(polled, job)


def arguments() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    return parser.parse_args()


def owner() -> User:
    """Who asks for the model."""
    return User.objects.create_user("maker", "maker@example.org")


async def measure(address: str, people: list[Person], options: argparse.Namespace, web: psutil.Process) -> Polled:
    """Sockets and polls for the given time."""
    polled = Polled()
    async with AsyncExitStack() as stack:
        owners = [people[number % len(people)] for number in range(options.sockets)]
        sockets = await open_all(stack, address, owners)
        polled.errors += ["a socket was not opened"] * (options.sockets - len(sockets))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=address, timeout=30, limits=NO_LIMITS))
        end, before = time.monotonic() + options.seconds, web.cpu_times()
        step = SPREAD_SECONDS / len(people)
        await asyncio.gather(*(poll(client, one, number * step, end, polled) for number, one in enumerate(people)))
        after = web.cpu_times()
        busy = (after.user + after.system - before.user - before.system) / options.seconds
        polled.errors += [f"a socket was closed: {socket.close_code}" for socket in sockets if socket.close_code]
    print(f"{options.clients} clients, {len(sockets)} sockets, {busy:.0%} of a core in the web process")
    return polled


NO_LIMITS = httpx.Limits(max_connections=None)


async def poll(client: httpx.AsyncClient, one: Person, begin: float, end: float, polled: Polled) -> None:
    """Read the job from `begin` seconds on until `end`, pausing as long as the server says."""
    await asyncio.sleep(begin)
    while time.monotonic() < end:
        sent = time.monotonic()
        try:
            response = await client.get(f"/api/v1/jobs/{one.job}/", headers=one.headers)
        except httpx.TransportError as error:
            polled.errors.append(repr(error))
            await asyncio.sleep(1)
            continue
        polled.seconds.append(time.monotonic() - sent)
        if response.status_code != 200:
            polled.errors.append(f"status {response.status_code}")
        await asyncio.sleep(float(response.headers.get("Retry-After", "2")))


def report(polled: Polled, job: Job) -> int:
    """Print the figures; the exit code."""
    count = len(polled.seconds)
    print(f"{count} requests: median {median(polled.seconds) * 1000:.0f} ms, 95 % {polled.p95() * 1000:.0f} ms")
    print(f"{len(polled.errors)} errors {sorted(set(polled.errors))[:5]}")
    has_run = job.state in (State.RUNNING, State.SUCCEEDED)
    return int(bool(polled.errors) or polled.p95() > MAX_P95_SECONDS or not has_run)


if __name__ == "__main__":
    sys.exit(main())
