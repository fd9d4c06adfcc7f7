"""What can be done, without any input or output: each operation is a generator of calls and pauses.

`Client` and `AsyncClient` carry them out, so that both behave in the same way.
"""

from __future__ import annotations

import base64
import hashlib
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
RESUMABLE_BYTES = 2_000_000
"""Photos larger than this are sent in parts, so that a lost connection costs one part and not the photo."""
PART_BYTES = 1_000_000
MAX_INTERRUPTIONS = 8
"""So many failures without a byte of progress end an upload in parts; the pauses between them add up to two minutes."""


@dataclass(frozen=True)
class Call:
    """A request. `once`: it may be sent again after a lost connection without doing anything twice."""

    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
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


def advance(operation: Operation[Any], answer: Answer | Problem | None) -> Call | Pause:
    """The next step, after the answer to the last one, or its problem, which most operations do not catch."""
    if isinstance(answer, Problem):
        return operation.throw(answer)
    return next(operation) if answer is None else operation.send(answer)


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
    form = {name: _form_value(value) for name, value in settings.items()} | ({"title": title} if title else {})
    sent = 0
    if any(len(data) > RESUMABLE_BYTES for _, data in contents):  # all of them, because uploads come before photos
        form["upload"] = []
        for name, data in contents:
            form["upload"].append((yield from _upload(name, data, _Counter(total, on_bytes, sent))))
            sent += len(data)
        contents = []

    def files() -> list[tuple[str, Any]]:
        counter = _Counter(total, on_bytes)
        return [("photo", (name, _Counted(data, counter))) for name, data in contents]

    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    answer = yield Call("POST", "/jobs/", data=form, files=files if contents else None, headers=headers, once=True)
    return Job.of(answer.body)


def _upload(name: str, data: bytes, counter: _Counter) -> Operation[str]:
    """Send a photo in parts and continue after interruptions; the id of the upload. Raises Problem."""
    encoded_name = base64.b64encode(name.encode()).decode()
    headers = {**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": f"filename {encoded_name}"}
    upload = (yield Call("POST", "/uploads/", headers=headers, once=True)).body
    path, offset, interruptions = f"/uploads/{upload['id']}/", 0, 0
    while offset < len(data):
        try:
            yield _part(path, data, offset)
            offset, interruptions = min(offset + PART_BYTES, len(data)), 0
        except Problem as problem:
            interruptions += 1
            if interruptions > MAX_INTERRUPTIONS or problem.status not in INTERRUPTED:
                raise
            yield Pause(min(2.0 ** (interruptions - 1), 30.0))
            offset = (yield from get(path))["offset"]
        counter.reached(offset)
    return str(upload["id"])


TUS = {"Tus-Resumable": "1.0.0"}
INTERRUPTED = (0, 409, 460)
"""Statuses after which an upload continues: no connection, a part that has arrived already, a damaged part."""


def _part(path: str, data: bytes, offset: int) -> Call:
    part = data[offset : offset + PART_BYTES]
    digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
    headers = {**TUS, "Upload-Offset": str(offset), "Upload-Checksum": f"sha256 {digest}"}
    headers["Content-Type"] = "application/offset+octet-stream"
    return Call("PATCH", path, content=part, headers=headers)


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

    def __init__(self, total: int, on_bytes: OnBytes | None, start: int = 0) -> None:
        self._start = self._done = start
        self._total, self._on_bytes = total, on_bytes

    def reached(self, offset: int) -> None:
        """So many bytes of the current photo have arrived."""
        self._done = self._start
        self.add(offset)

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
