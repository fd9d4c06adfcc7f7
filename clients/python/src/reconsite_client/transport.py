"""When a request is tried again, and what a response means."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from reconsite_client.model import Problem
from reconsite_client.operations import Answer, Call, OnBytes

MAX_ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 1.0
"""Doubled with each attempt, unless the server says how long to wait."""
MAX_PAUSE_SECONDS = 60.0
"""A longer wait is the caller's decision: the problem is raised instead."""
TRY_AGAIN = (429, 503)
API = "/api/v1"


def request_arguments(call: Call) -> dict[str, Any]:
    """Arguments for httpx; files are opened anew for each attempt."""
    path = call.path if call.path.startswith(f"{API}/") else API + call.path
    arguments: dict[str, Any] = {"method": call.method, "url": path, "headers": call.headers}
    if call.params:
        arguments["params"] = call.params
    if call.data is not None:
        files = call.files() if call.files else []
        if files:
            arguments["data"], arguments["files"] = call.data, files
        else:  # httpx would send a form of another type, which the API does not take
            arguments["files"] = [(name, (None, value)) for name, value in _parts(call.data)]
    elif call.content is not None:
        arguments["content"] = call.content
    elif call.json is not None:
        arguments["json"] = call.json
    return arguments


def _parts(form: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each value of the form; a list is a repeated field."""
    for name, value in form.items():
        for entry in value if isinstance(value, list) else [value]:
            yield name, str(entry)


def answer_of(response: httpx.Response) -> Answer:
    """The body of a success. Raises Problem."""
    if response.is_success:
        is_json = "json" in response.headers.get("Content-Type", "") and response.content
        return Answer(response.json() if is_json else None, _retry_after(response))
    body: Any = {}
    with contextlib.suppress(json.JSONDecodeError):
        body = response.json()
    raise Problem(response.status_code, body if isinstance(body, dict) else {}, _retry_after(response))


def unreachable(error: httpx.TransportError) -> Problem:
    """A lost connection as a problem."""
    return Problem(0, {"code": "unreachable", "detail": f"The server could not be reached: {error}", "retryable": True})


def pause_before_retry(problem: Problem, call: Call, attempt: int) -> float | None:
    """Seconds to wait before attempt number `attempt` + 1; None if the problem is to be raised."""
    can_repeat = problem.status in TRY_AGAIN or (problem.status == 0 and call.once)
    if attempt >= MAX_ATTEMPTS or not can_repeat:
        return None
    pause = problem.retry_after if problem.retry_after is not None else FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)
    return pause if pause <= MAX_PAUSE_SECONDS else None


class Sink:
    """A file that is complete when it has its name: until then it is called `.part`."""

    def __init__(self, target: Path, total: int, on_bytes: OnBytes | None) -> None:
        self._target, self._total, self._on_bytes = target, total, on_bytes
        self._part = target.with_name(f"{target.name}.part")
        self._file: BinaryIO = self._part.open("wb")

    def write(self, data: bytes) -> None:
        """Append."""
        self._file.write(data)
        if self._on_bytes is not None:
            self._on_bytes(self._file.tell(), self._total)

    def close(self, *, complete: bool) -> None:
        """Give the file its name, or remove it."""
        self._file.close()
        if complete:
            self._part.replace(self._target)
        else:
            self._part.unlink()


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None
