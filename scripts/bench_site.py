"""How fast the site answers: the cutout before a job, and, while one runs, POST of a photo and a change of stage."""

from __future__ import annotations

import asyncio
import json
import os
import time
from datetime import datetime
from statistics import median
from typing import Any

import tests.environment  # noqa: F401  (a database, files and a Redis of its own, before Django's settings)

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

POSTS = 10
CUTOUTS = 5


def main() -> None:
    """Start the site, send photos, listen on the socket of the first job."""
    call_command("migrate", verbosity=0)
    user = User.objects.create_user("bench", "bench@example.org")
    headers = {"Authorization": f"Bearer {ApiToken.objects.create(user=user)[1]}"}
    with site(MAX_ACTIVE_JOBS="100") as address:
        cutouts = asyncio.run(cut(address, headers))
        posts, delays = asyncio.run(measure(address, headers))
    print(f"\nThe cutout of a {len(photo()) / 1e6:.1f} MB photo before the job ({len(cutouts)} times)")
    print(f"  median {median(cutouts):.2f} s, slowest {max(cutouts):.2f} s")
    print(f"POST of a {len(photo()) / 1e6:.1f} MB photo while a job runs ({len(posts)} times)")
    print(f"  median {median(posts) * 1000:.0f} ms, slowest {max(posts) * 1000:.0f} ms")
    print(f"A stage change on the open page ({len(delays)} changes)")
    print(f"  median {median(delays) * 1000:.0f} ms, slowest {max(delays) * 1000:.0f} ms")


_photo: bytes = b""


def photo() -> bytes:
    """A photo of about 5 MB, made once."""
    global _photo
    _photo = _photo or photo_of_12_megapixels()
    return _photo


async def cut(address: str, headers: dict[str, str]) -> list[float]:
    """Seconds of each cutout that the upload page asks for, the network loaded."""
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=120) as client:
        return [await asked_for_cutout(client) for _ in range(CUTOUTS + 1)][1:]


async def asked_for_cutout(client: httpx.AsyncClient) -> float:
    """Send the photo; seconds until its cutout is here."""
    begin = time.perf_counter()
    (await client.post("/new/cutout/", files={"photo": ("photo.jpg", photo())})).raise_for_status()
    return time.perf_counter() - begin


async def measure(address: str, headers: dict[str, str]) -> tuple[list[float], list[float]]:
    """Seconds of each POST, and of each stage from its row to the socket."""
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=120) as client:
        await post(client)  # the first request loads what the others find loaded
        job = (await post(client))[1]
        listening = asyncio.create_task(listen(address, headers, job["id"]))
        await until_running(client, job["urls"]["self"])
        posts = [(await post(client))[0] for _ in range(POSTS)]
        return posts, await listening


async def post(client: httpx.AsyncClient) -> tuple[float, dict[str, Any]]:
    """Send the photo; seconds and the job."""
    begin = time.perf_counter()
    answer = await client.post("/api/v1/jobs/", files={"photo": ("photo.jpg", photo())}, data={"quality": "draft"})
    answer.raise_for_status()
    return time.perf_counter() - begin, answer.json()


async def until_running(client: httpx.AsyncClient, url: str) -> None:
    """Wait until a worker has the job."""
    while (await client.get(url)).json()["state"] == "queued":
        await asyncio.sleep(0.1)


async def listen(address: str, headers: dict[str, str], job_id: str) -> list[float]:
    """Seconds between the commit of each stage and its arrival here."""
    arrived: dict[int, float] = {}
    url = f"{address.replace('http', 'ws')}/ws/jobs/{job_id}/"
    async with websockets.connect(url, additional_headers=headers) as socket:
        async for message in socket:
            arrived[json.loads(message)["job"]["seq"]] = time.time()
    written = await asyncio.to_thread(stage_times, job_id)
    return [arrived[seq] - at.timestamp() for seq, at in written if seq in arrived]


def stage_times(job_id: str) -> list[tuple[int, datetime]]:
    """When each stage was written."""
    return list(JobEvent.objects.filter(job=job_id, kind="stage").values_list("seq", "at"))


if __name__ == "__main__":
    main()
