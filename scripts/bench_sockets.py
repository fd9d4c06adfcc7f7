"""What 1,000 open sockets cost the web process: `python -m scripts.bench_sockets`.

50 people with 20 sockets each watch their jobs, which change ten times a second; then one person asks for 1,000.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import tests.environment  # noqa: F401  (its own database, files and Redis; before Django's settings)

import django  # isort: skip

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reconsite.settings")
django.setup()

import httpx  # noqa: E402
import psutil  # noqa: E402
import websockets  # noqa: E402
from django.core.management import call_command  # noqa: E402

from accounts.core import tokens  # noqa: E402
from accounts.models import User  # noqa: E402
from jobs.core import transitions  # noqa: E402
from jobs.models import Job  # noqa: E402
from ml.recipe import Recipe  # noqa: E402
from scripts.ports import free_port, wait_for_port  # noqa: E402
from tests.live import environment, start  # noqa: E402

PEOPLE, SOCKETS, AT_ONCE = 50, 20, 20
CHANGES, PER_SECOND = 200, 10.0
IDLE_SECONDS = 40.0
"""More than two of the checks that each socket gets every 15 s."""


@dataclass
class Person:
    """Someone with a token and a running job."""

    headers: dict[str, str]
    job: UUID
    lease: UUID


@dataclass
class Seen:
    """When each change was made, by progress, and how long it took to each socket."""

    made_at: dict[float, float] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)


def main() -> None:
    """Start the site, open the sockets, and print what was measured."""
    call_command("migrate", verbosity=0)
    people = [person(number) for number in range(PEOPLE)]
    port = free_port()
    daphne = [str(Path(sys.executable).with_name("daphne")), "-p", str(port), "reconsite.asgi:application"]
    web = start(daphne, environment(port, MAX_SOCKETS_PER_ADDRESS="5000"))
    try:
        wait_for_port(port, web.popen)
        asyncio.run(measure(f"http://localhost:{port}", people, psutil.Process(web.popen.pid)))
    finally:
        web.end()


def person(number: int) -> Person:
    """An account, and a job that no worker will take."""
    user = User.objects.create_user(f"person{number}", f"person{number}@example.org")
    job = Job.objects.create(owner=user, title="Lamp", recipe=Recipe().to_dict())
    lease = transitions.claim(job.pk, worker="bench")
    assert lease is not None
    return Person({"Authorization": f"Bearer {tokens.create(user, 'bench')[1]}"}, job.pk, lease)


async def measure(address: str, people: list[Person], web: psutil.Process) -> None:
    """1,000 sockets of 50 people, idle and at work; then 1,000 of one person."""
    async with AsyncExitStack() as stack:
        sockets = await open_all(stack, address, [one for one in people for _ in range(SOCKETS)])
        seen = Seen()
        readers = [asyncio.create_task(read(socket, seen)) for socket in sockets]
        print(f"{len(sockets)} sockets of {len(people)} people: {web.memory_info().rss / 2**20:.0f} MB", flush=True)
        used, _ = await used_core(web, asyncio.sleep(IDLE_SECONDS))
        print(f"idle, all checked every 15 s: {used:.0%} of a core", flush=True)
        used, _ = await used_core(web, asyncio.gather(change_all(people, seen), visit(address, seen)))
        expected = CHANGES * SOCKETS
        print(
            f"{PER_SECOND:g} changes a second: {used:.0%} of a core, {len(seen.delays)} of {expected} messages",
            flush=True,
        )
        print(f"  delay: median {median(seen.delays):.3f} s, slowest {max(seen.delays):.3f} s", flush=True)
        print(f"  home page meanwhile: median {median(seen.pages):.3f} s, slowest {max(seen.pages):.3f} s", flush=True)
        for reader in readers:
            reader.cancel()
    async with AsyncExitStack() as stack:
        opened = await open_all(stack, address, [people[0]] * PEOPLE * SOCKETS)
        print(f"1,000 of one person: {len(opened)} are open", flush=True)


async def open_all(stack: AsyncExitStack, address: str, owners: list[Person]) -> list[Any]:
    """The sockets that were opened, a few at once."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one_of(owner: Person) -> Any:
        async with slots:
            return await open_socket(stack, address, owner)

    return [socket for socket in await asyncio.gather(*map(one_of, owners)) if socket is not None]


async def open_socket(stack: AsyncExitStack, address: str, one: Person) -> Any:
    """A socket that has received its first message; None if it was closed."""
    url = f"{address.replace('http', 'ws')}/ws/jobs/{one.job}/"
    try:
        socket = await stack.enter_async_context(
            websockets.connect(url, additional_headers=one.headers, open_timeout=60)
        )
        await socket.recv()
    except websockets.WebSocketException:
        return None
    return socket


async def read(socket: Any, seen: Seen) -> None:
    """Note how long each change took."""
    async for message in socket:
        made_at = seen.made_at.get(json.loads(message)["job"]["progress"])
        if made_at is not None:
            seen.delays.append(time.monotonic() - made_at)


async def change_all(people: list[Person], seen: Seen) -> None:
    """Move the bars of the jobs, one after another; each change has a progress of its own."""
    for number in range(CHANGES):
        one, progress = people[number % len(people)], (number + 1) / 1000
        seen.made_at[progress] = time.monotonic()
        await asyncio.to_thread(report, one, progress)
        await asyncio.sleep(1 / PER_SECOND)
    await asyncio.sleep(2)


def report(one: Person, progress: float) -> None:
    """As a worker does."""
    assert transitions.report_progress(one.job, one.lease, "surface", progress, new_stage=False)


async def visit(address: str, seen: Seen) -> None:
    """Someone else opens the home page again and again."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        for _ in range(20):
            started = time.monotonic()
            (await client.get("/")).raise_for_status()
            seen.pages.append(time.monotonic() - started)
            await asyncio.sleep(0.5)


async def used_core(web: psutil.Process, work: Any) -> tuple[float, Any]:
    """Share of a core that the web process uses meanwhile."""
    before, started = web.cpu_times(), time.monotonic()
    result = await work
    after = web.cpu_times()
    seconds = after.user + after.system - before.user - before.system
    return seconds / (time.monotonic() - started), result


if __name__ == "__main__":
    main()
