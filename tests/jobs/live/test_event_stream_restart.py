"""A stream of server-sent events outlives the process that sent it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from accounts.core import tokens
from jobs.models import Job, State
from scripts.ports import free_port, wait_for_port
from tests import live
from tests.conftest import in_state

pytestmark = pytest.mark.django_db(transaction=True)


def start_web(port: int) -> live.Process:
    daphne = [str(Path(sys.executable).with_name("daphne")), "-p", str(port), "reconsite.asgi:application"]
    process = live.start(daphne, live.environment(port))
    wait_for_port(port, process.popen)
    return process


def events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """The fields of each event."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line and "event" in fields:
            yield fields
        if not line:
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value


def test_nothing_is_lost_when_the_web_process_is_killed(job: Job) -> None:
    port = free_port()
    headers = {"Authorization": f"Bearer {tokens.create(job.owner, 'test')[1]}"}
    url = f"http://localhost:{port}/api/v1/jobs/{job.pk}/events/"
    web = start_web(port)
    try:
        with httpx.stream("GET", url, headers=headers, timeout=20) as response:
            found = events(response.iter_lines())
            last_id = next(found)["id"]
            assert json.loads(next(found)["data"])["state"] == "queued"
            web.kill()
            with pytest.raises(httpx.TransportError):
                list(found)
        in_state(job, State.FAILED)
        web = start_web(port)
        with httpx.stream("GET", url, headers={**headers, "Last-Event-ID": last_id}, timeout=20) as response:
            missed = list(events(response.iter_lines()))
    finally:
        web.kill()
    assert [json.loads(event["data"]).get("state") for event in missed if event["event"] == "change"] == [
        "running",
        "failed",
    ]
    assert json.loads(missed[-1]["data"]) == {"reason": "finished"}
