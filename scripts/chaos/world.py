"""What must hold after every fault: one function that looks at rows, files, processes and every way to see a job."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from websockets.sync.client import connect

from accounts.core import tokens
from accounts.models import User
from jobs.core import storage
from jobs.core.recovery import MAX_RESTARTS
from jobs.models import Artifact, Job, JobEvent, Photo, State
from jobs.work import reconciler
from scripts.chaos.site import WORKERS, Site

POLL_SECONDS = 0.05
SETTLE_SECONDS = 120.0
"""Everything that was submitted must have ended within this time after a fault."""


def patiently(read: Callable[[], Any]) -> Any:
    """The result of a read of ours, tried again while a fault keeps the database away."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        try:
            return read()
        except DatabaseError:
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)


class HasAddress(Protocol):
    """A site that is reached over HTTP."""

    @property
    def address(self) -> str:
        """Scheme, host and port."""


@dataclass
class Person:
    """Who submits: an account with a token, and how long requests took."""

    site: HasAddress
    user: User
    token: str
    photo: bytes

    @classmethod
    def create(cls, site: HasAddress, photo: bytes, name: str = "chaos") -> Person:
        """A new account."""
        user = User.objects.create_user(username=name, email=f"{name}@example.org", password="not-used-anywhere")
        return cls(site, user, tokens.create(user, "chaos")[1], photo)

    def call(
        self,
        path: str,
        method: str = "GET",
        data: bytes | None = None,
        kind: str = "application/json",
        more: Mapping[str, str] | None = None,
    ) -> Any:
        """Status, body and seconds of a request to the API; `more` are headers. The body is None if it is not JSON."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind, **(more or {})}
        request = Request(f"{self.site.address}/api/v1{path}", data, headers, method=method)
        started = time.monotonic()
        try:
            with urlopen(request, timeout=60) as response:  # nosec B310
                status, body = response.status, response.read()
        except HTTPError as error:
            status, body = error.code, error.read()
        return status, _decoded(body), time.monotonic() - started

    def post(self, more: Mapping[str, str] | None = None) -> tuple[int, Any]:
        """Status and body of a submitted photo."""
        recipe = json.dumps({"quality": "draft", "grid": 48, "faces": 500, "texture_size": 128, "frame_size": 64})
        fields = {"photo": SimpleUploadedFile("lamp.png", self.photo, "image/png"), "recipe": recipe}
        form = encode_multipart(BOUNDARY, fields)
        status, body, _ = self.call("/jobs/", "POST", form, MULTIPART_CONTENT, more)
        return status, body

    def submit(self) -> Job:
        """A new job. Raises AssertionError when it is not accepted."""
        status, body = self.post()
        assert status == 202, f"a submit got {status}: {body}"
        job: Job = patiently(lambda: Job.objects.get(pk=body["id"]))
        return job

    def socket_state(self, job: Job) -> str:
        """What a socket says about the job."""
        address = f"ws{self.site.address[4:]}/ws/jobs/{job.pk}/"
        with connect(address, additional_headers={"Authorization": f"Bearer {self.token}"}) as socket:
            return str(json.loads(socket.recv(timeout=30))["job"]["state"])


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body or b"null")
    except ValueError:  # a page of the proxy
        return None


def wait_until(condition: Callable[[], Any], what: str, seconds: float = SETTLE_SECONDS) -> float:
    """Seconds until `condition` holds. Raises AssertionError."""
    started = time.monotonic()
    while not patiently(condition):
        assert time.monotonic() - started < seconds, f"No {what} within {seconds:g} s"
        time.sleep(POLL_SECONDS)
    return time.monotonic() - started


def wait_for_end(jobs: list[Job]) -> None:
    """Until each of them is terminal."""
    keys = [job.pk for job in jobs]
    wait_until(lambda: not Job.objects.filter(pk__in=keys).active().exists(), "end of all jobs")


def check(
    site: Site, person: Person, jobs: list[Job], *, may_fail: bool = False, may_cancel: bool = False
) -> list[str]:
    """Every violation after a fault; the jobs have ended."""
    for job in jobs:
        job.refresh_from_db()
    allowed = {State.SUCCEEDED, State.CANCELLED} if may_cancel else {State.SUCCEEDED}
    problems = [f"{job.pk} is {job.state} {job.failure_code}" for job in jobs if job.state not in allowed]
    problems += [problem for job in jobs for problem in check_job(job)]
    problems += check_files() + _check_processes(site)
    return problems + _check_views(person, jobs[-1]) if jobs else problems


def check_job(job: Job) -> list[str]:
    """A success has one whole set of files, of one run, and anything else has none."""
    artifacts = list(job.artifacts.all())
    problems = []
    if bool(artifacts) != (job.state == State.SUCCEEDED):
        problems.append(f"{job.pk} is {job.state} with {len(artifacts)} files")
    if len({str(row.file).split("/")[2] for row in artifacts}) > 1:
        problems.append(f"{job.pk} has files of several runs")
    problems += [f"{row.file} is damaged" for row in artifacts if not _is_whole(row)]
    if job.size != sum(row.size for row in artifacts) + sum(photo.size for photo in job.photos.all()):
        problems.append(f"{job.pk} has a wrong size")
    succeeded = JobEvent.objects.filter(job=job, kind="state", state=State.SUCCEEDED).count()
    if succeeded != (job.state == State.SUCCEEDED) or job.restarts > MAX_RESTARTS:
        problems.append(f"{job.pk}: succeeded {succeeded} times, restarts {job.restarts}")
    return problems


def _is_whole(row: Artifact) -> bool:
    try:
        return bool(row.sha256) and len(storage.read_whole(str(row.file), row.sha256)) == row.size
    except FileNotFoundError:
        return False


def check_files() -> list[str]:
    """Files that no row refers to may only be those that the reconciler deletes once they are old: here, at once."""
    reconciler.ORPHAN_AGE_SECONDS = 0
    reconciler.sweep()
    used = {str(name) for rows in (Artifact.objects, Photo.objects) for name in rows.values_list("file", flat=True)}
    stored = set(storage.backend().keys())
    problems = [f"no row refers to {name}" for name in stored - used]
    return problems + [f"{name} is missing" for name in used - stored]


def _check_processes(site: Site) -> list[str]:
    problems = [f"{name} has ended" for name, process in site.processes.items() if process.poll() is not None]
    with contextlib.suppress(AssertionError):
        wait_until(lambda: not any(site.horse(name) for name in WORKERS), "idle workers", 10)
    problems += [f"{name} still has {_described(horse)}" for name in WORKERS if (horse := site.horse(name))]
    orders = str(site.folder)
    owned = {process.pid for process in site.processes.values()}
    for process in psutil.process_iter(["pid", "ppid"]):
        with contextlib.suppress(psutil.Error):
            ours = process.environ().get("CHAOS_DIR", "").startswith(orders) and process.pid != psutil.Process().pid
            if ours and process.pid not in owned and process.ppid() not in owned:
                problems.append(f"process {process.pid} is an orphan: {process.cmdline()}")
    return problems


def _described(horse: psutil.Process) -> str:
    """What is known of a process that should have ended."""
    with contextlib.suppress(psutil.Error):
        age = time.time() - horse.create_time()
        return f"work horse {horse.pid}, {horse.status()}, {age:.0f} s old, command {horse.cmdline()}"
    return "a work horse that has just ended"


def _check_views(person: Person, job: Job) -> list[str]:
    """API, page and socket say what the row says."""
    client = Client()
    client.force_login(person.user)
    states = {
        "API": person.call(f"/jobs/{job.pk}/")[1]["state"],
        "socket": person.socket_state(job),
        "page": job.state if client.get(f"/jobs/{job.pk}/", HTTP_HOST="localhost").status_code == 200 else "none",
    }
    return [f"{name} says {state} of a job that is {job.state}" for name, state in states.items() if state != job.state]
