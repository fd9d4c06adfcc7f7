"""How fast the site responds: the cutout before a job, and while one runs, POST of a photo and a change of stage."""

from __future__ import annotations

import asyncio
import json
import os
import time
from datetime import datetime
from functools import cache
from statistics import median
from typing import Any

import tests.environment  # noqa: F401  (its own database, files and Redis; before Django's settings)

import django  # isort: skip

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reconsite.settings")
django.setup()

import httpx  # noqa: E402
import websockets  # noqa: E402
from django.core.management import call_command  # noqa: E402

from accounts.models import ApiToken, User  # noqa: E402
from jobs.models import JobEvent  # noqa: E402
from scripts.bench import photo_of_12_megapixels  # noqa: E402
from tests.live import site  # noqa: E402

POSTS, CUTOUTS = 10, 5
"""Requests that are measured."""
TIMEOUT = 120.0
"""Seconds for one request."""


def main() -> None:
    """Start the site, send photos, listen on the first job's socket."""
    call_command("migrate", verbosity=0)
    user = User.objects.create_user("bench", "bench@example.org")
    headers = {"Authorization": f"Bearer {ApiToken.objects.create(user=user)[1]}"}
    with site(MAX_ACTIVE_JOBS="100") as address:
        cutouts = asyncio.run(measure_cutouts(address, headers))
        posts, delays = asyncio.run(measure_job(address, headers))
    print(f"\nThe cutout of a {len(photo()) / 1e6:.1f} MB photo before the job ({len(cutouts)} times)")
    print(f"  median {median(cutouts):.2f} s, slowest {max(cutouts):.2f} s")
    print(f"POST of a {len(photo()) / 1e6:.1f} MB photo while a job runs ({len(posts)} times)")
    print(f"  median {median(posts) * 1000:.0f} ms, slowest {max(posts) * 1000:.0f} ms")
    print(f"A stage change on the open page ({len(delays)} changes)")
    print(f"  median {median(delays) * 1000:.0f} ms, slowest {max(delays) * 1000:.0f} ms")


@cache
def photo() -> bytes:
    """A photo of about 5 MB."""
    return photo_of_12_megapixels()


async def measure_cutouts(address: str, headers: dict[str, str]) -> list[float]:
    """Seconds for each cutout that the upload page requests; the first, which loads the network, is dropped."""
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=TIMEOUT) as client:
        return [await request_cutout(client) for _ in range(CUTOUTS + 1)][1:]


async def request_cutout(client: httpx.AsyncClient) -> float:
    """Send the photo; seconds until its cutout arrives."""
    start = time.perf_counter()
    (await client.post("/new/cutout/", files={"photo": ("photo.jpg", photo())})).raise_for_status()
    return time.perf_counter() - start


async def measure_job(address: str, headers: dict[str, str]) -> tuple[list[float], list[float]]:
    """Seconds for each POST, and for each stage change from its row to the socket."""
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=TIMEOUT) as client:
        await post(client)  # the first request pays for lazy imports
        job = (await post(client))[1]
        listening = asyncio.create_task(listen(address, headers, job["id"]))
        await until_running(client, job["urls"]["self"])
        posts = [(await post(client))[0] for _ in range(POSTS)]
        return posts, await listening


async def post(client: httpx.AsyncClient) -> tuple[float, dict[str, Any]]:
    """Send the photo; returns the seconds and the job."""
    start = time.perf_counter()
    response = await client.post("/api/v1/jobs/", files={"photo": ("photo.jpg", photo())}, data={"quality": "draft"})
    response.raise_for_status()
    return time.perf_counter() - start, response.json()


async def until_running(client: httpx.AsyncClient, url: str) -> None:
    """Wait until a worker has started the job."""
    while (await client.get(url)).json()["state"] == "queued":
        await asyncio.sleep(0.1)


async def listen(address: str, headers: dict[str, str], job_id: str) -> list[float]:
    """Seconds between the commit of each stage event and its arrival on the socket."""
    arrived: dict[int, float] = {}
    url = f"{address.replace('http', 'ws')}/ws/jobs/{job_id}/"
    async with websockets.connect(url, additional_headers=headers) as socket:
        async for message in socket:
            arrived[json.loads(message)["job"]["seq"]] = time.time()
    committed = await asyncio.to_thread(stage_times, job_id)
    return [arrived[seq] - at.timestamp() for seq, at in committed if seq in arrived]


def stage_times(job_id: str) -> list[tuple[int, datetime]]:
    """Sequence number and time of each stage event."""
    return list(JobEvent.objects.filter(job_id=job_id, kind="stage").values_list("seq", "at"))


if __name__ == "__main__":
    main()
