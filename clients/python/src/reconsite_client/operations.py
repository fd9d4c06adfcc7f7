"""What can be done, without any input or output: each operation is a generator of calls and pauses.

`Client` and `AsyncClient` carry them out, so that both behave in the same way.
"""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from reconsite_client.model import Job, Problem

Result = TypeVar("Result")
PhotoSource = str | os.PathLike[str] | bytes
OnBytes = Callable[[int, int], None]
"""`on_bytes(done, total)`."""
POLL_SECONDS = 2.0
"""Pause between two looks at a job, if the server does not say how long."""
TIMEOUT_SECONDS = 3600.0
"""How long `wait` waits unless it is told otherwise: the longest job and a long queue."""


@dataclass(frozen=True)
class Call:
    """A request. `once`: it may be sent again after a lost connection without doing anything twice."""

    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict)
    json: Any = None
    data: dict[str, Any] | None = None
    files: Callable[[], list[tuple[str, Any]]] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    once: bool = False
    target: Path | None = None
    on_bytes: OnBytes | None = None


@dataclass(frozen=True)
class Answer:
    """The JSON of a successful response (None without one) and when it is worth asking again."""

    body: Any
    retry_after: float | None = None


@dataclass(frozen=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


Operation = Generator["Call | Pause", Answer, Result]


def get(path: str, **params: Any) -> Operation[Any]:
    """The JSON at `path`."""
    answer = yield Call("GET", path, {name: value for name, value in params.items() if value is not None}, once=True)
    return answer.body


def send(method: str, path: str, body: Any = None) -> Operation[Any]:
    """Send JSON, and get JSON back."""
    answer = yield Call(method, path, json=body, once=method in ("PUT", "DELETE"))
    return answer.body


def as_job(operation: Operation[Any]) -> Operation[Job]:
    """The job that an operation returns as JSON."""
    return Job.of((yield from operation))


def jobs(**filters: Any) -> Operation[list[Job]]:
    """All jobs that match, page by page."""
    found: list[Job] = []
    page = yield from get("/jobs/", **filters)
    while True:
        found += [Job.of(entry) for entry in page["results"]]
        if not page["next"]:
            return found
        address = urlsplit(page["next"])  # whatever host it names, the token goes to our own server
        page = yield from get(f"{address.path}?{address.query}")


def create_job(
    photos: Sequence[PhotoSource], title: str, on_bytes: OnBytes | None, key: str, settings: dict[str, Any]
) -> Operation[Job]:
    """A job from photos. The same `key` never creates a second one."""
    contents = [_photo(number, source) for number, source in enumerate(photos, start=1)]
    total = sum(len(data) for _, data in contents)

    def files() -> list[tuple[str, Any]]:
        counter = _Counter(total, on_bytes)
        return [("photo", (name, _Counted(data, counter))) for name, data in contents]

    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    form = {name: _form_value(value) for name, value in settings.items()} | ({"title": title} if title else {})
    answer = yield Call("POST", "/jobs/", data=form, files=files if contents else None, headers=headers, once=True)
    return Job.of(answer.body)


def wait(job_id: str, timeout: float, on_change: Callable[[Job], object] | None) -> Operation[Job]:
    """The job once it has ended. Raises TimeoutError."""
    waited, seen = 0.0, -1
    while True:
        answer = yield Call("GET", f"/jobs/{job_id}/", once=True)
        job = Job.of(answer.body)
        if on_change is not None and job.data["seq"] != seen:
            on_change(job)
        seen = job.data["seq"]
        if job.is_finished:
            return job
        if waited >= timeout:
            raise TimeoutError(f"The job is still {job.state} after {timeout:g} seconds.")
        pause = answer.retry_after or POLL_SECONDS
        yield Pause(pause)
        waited += pause


def download(job_id: str, folder: Path, names: Iterable[str] | None, on_bytes: OnBytes | None) -> Operation[list[Path]]:
    """The files of a job (those of the download menu, or `names`) in `folder`. Raises Problem for an unknown name."""
    files = yield from get(f"/jobs/{job_id}/files/")
    wanted = list(names) if names is not None else [file["name"] for file in files if file["download"]]
    folder.mkdir(parents=True, exist_ok=True)
    for name in wanted:
        if Path(name).name != name:
            raise Problem(404, {"code": "not_found", "detail": f"“{name}” is not the name of a file."})
        yield Call("GET", f"/jobs/{job_id}/files/{name}/", once=True, target=folder / name, on_bytes=on_bytes)
    return [folder / name for name in wanted]


def _photo(number: int, source: PhotoSource) -> tuple[str, bytes]:
    if isinstance(source, bytes):
        return f"photo-{number}", source
    path = Path(source)
    return path.name, path.read_bytes()


def _form_value(value: Any) -> Any:
    """Lists are repeated fields; booleans are written as in JSON."""
    if isinstance(value, bool):
        return str(value).lower()
    return [str(entry) for entry in value] if isinstance(value, list | tuple) else str(value)


class _Counter:
    """Bytes that were sent of all photos."""

    def __init__(self, total: int, on_bytes: OnBytes | None) -> None:
        self._done, self._total, self._on_bytes = 0, total, on_bytes

    def add(self, count: int) -> None:
        """So many more bytes were read to be sent."""
        self._done += count
        if self._on_bytes is not None and count:
            self._on_bytes(self._done, self._total)


class _Counted(io.BytesIO):
    """A photo that tells how much of it was read."""

    def __init__(self, data: bytes, counter: _Counter) -> None:
        super().__init__(data)
        self._counter = counter

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes."""
        data = super().read(size)
        self._counter.add(len(data))
        return data
