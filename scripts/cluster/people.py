"""The people of a cluster test: each sends photos for as long as the faults last, and looks at the jobs meanwhile."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.error import URLError
from uuid import uuid4

from jobs.models import TERMINAL
from scripts.chaos.world import Person

PATIENCE_SECONDS = 120.0
"""How long a client tries to send one photo."""
RETRY_SECONDS = 1.0
COME_BACK = (502, 503, 504)
"""The answers to which a client tries again: nginx without a web process, and a site without database or storage."""


@dataclass
class Client:
    """A phone app: it tries again with the same Idempotency-Key, and believes what it has been told."""

    person: Person
    random: random.Random
    jobs: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    refused: int = 0
    """Requests that were told to come back later, or whose connection broke."""
    _known: dict[str, str] = field(default_factory=dict)

    def send(self, number: int, seconds: float, stop: threading.Event) -> None:
        """Photos, spread over so many seconds."""
        try:
            for _ in range(number):
                self.send_one()
                self.look()
                if stop.wait(self.random.uniform(0, 2 * seconds / number)):
                    return
        except Exception as error:
            self.problems.append(f"{self.person.user.username}: {type(error).__name__}: {error}")

    def send_one(self) -> None:
        """One photo, until it is accepted."""
        key, deadline = str(uuid4()), time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            status, body = self._try(lambda: self.person.post({"Idempotency-Key": key}))
            if status in (200, 202):
                self.jobs.append(body["id"])
                return
            if status not in (0, *COME_BACK):
                self.problems.append(f"A submit got {status}: {body}")
                return
            time.sleep(RETRY_SECONDS)
        self.problems.append(f"A photo was not accepted for {PATIENCE_SECONDS:g} s")

    def look(self) -> None:
        """The states of all jobs: one that has ended must stay so."""
        status, body = self._try(lambda: self.person.call("/jobs/?page_size=100")[:2])
        if status != 200:
            self.problems += [] if status in (0, *COME_BACK) else [f"The list got {status}: {body}"]
            return
        for job in body["results"]:
            before = self._known.get(job["id"], "")
            if before in TERMINAL and job["state"] != before:
                self.problems.append(f"{job['id']} was {before} and is {job['state']}")
            self._known[job["id"]] = job["state"]

    def _try(self, request: Any) -> tuple[int, Any]:
        try:
            status, body = request()
        except (URLError, ConnectionError, TimeoutError) as error:
            status, body = 0, str(error)
        self.refused += status in (0, *COME_BACK)
        return status, body
