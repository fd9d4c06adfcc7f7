"""The Python client against the real web process, and its retries against a server that fails on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from reconsite_client import AsyncClient, Client, Problem
from reconsite_client.cli import main

from accounts.core import tokens
from accounts.models import User
from jobs.core import services
from jobs.models import Job
from tests.browser.finished import web_alone
from tests.conftest import PASSWORD, in_state, make_user
from tests.jobs.models import create_models, finish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(transactional_db: None) -> Iterator[str]:
    with web_alone() as address:
        yield address


def test_a_job_from_photo_to_files(server: str, submit: Callable[..., Job], photo: bytes, tmp_path: Path) -> None:
    job = finish(submit())
    steps: list[tuple[int, int]] = []
    hashed = PBKDF2PasswordHasher().encode(PASSWORD, "a-salt-of-the-test")  # the web process has the real hashers
    User.objects.filter(pk=job.owner_id).update(password=hashed)
    with Client(server) as client:
        client.sign_in(job.owner.email, PASSWORD)
        assert "remix" in client.server()["features"]
        assert client.account()["email"] == job.owner.email
        made = client.create_job(
            [photo, photo],
            title="Two",
            quality="draft",
            sides=["front", "back"],
            on_bytes=lambda done, total: steps.append((done, total)),
        )
        assert (made.state, made.data["recipe"]["sides"]) == ("queued", ["front", "back"])
        assert steps[-1] == (2 * len(photo), 2 * len(photo))
        assert client.cancel(made.id).state == "cancelled"
        assert client.wait(made.id).state == "cancelled"
        assert client.retry(made.id, quality="high").data["quality"] == "high"
        assert client.update(made.id, tags=["a"]).data["tags"] == ["a"]
        saved = client.download(str(job.pk), tmp_path / "model")
        assert {path.name for path in saved} == {"mesh.glb", "mesh.obj", "mesh.mtl"}
        assert saved[0].read_bytes() == saved[0].name.encode()
        assert client.share(str(job.pk)).startswith("http")
        assert [row["status"] for row in client.bulk("delete", [made.id, str(job.pk)])] == [200, 200]
        with pytest.raises(Problem) as caught:
            client.job(made.id)
        assert (caught.value.code, caught.value.status) == ("not_found", 404)


def test_all_pages_of_a_list_are_read(server: str) -> None:
    user = make_user("person")
    create_models(user, 30)
    with Client(server, tokens.create(user, "test")[1]) as client:
        assert len(client.jobs(sort="title")) == 30
        assert [job.title for job in client.jobs(q="00007")] == ["Model 00007"]


def test_the_async_client_does_the_same(server: str, submit: Callable[..., Job], photo: bytes, tmp_path: Path) -> None:
    job = finish(submit())
    token = tokens.create(job.owner, "test")[1]

    async def run() -> tuple[str, list[Path], int]:
        async with AsyncClient(server, token) as client:
            made = await client.create_job([photo], quality="draft")
            ended = (await client.cancel(made.id)).state
            files = await client.download(str(job.pk), tmp_path, names=["mesh.glb"])
            return ended, files, len(await client.jobs())

    assert asyncio.run(run()) == ("cancelled", [tmp_path / "mesh.glb"], 2)
    assert (tmp_path / "mesh.glb").read_bytes() == b"mesh.glb"


def test_the_command_lists_and_fails_in_one_line(
    server: str, job: Job, photo: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = tokens.create(job.owner, "test")[1]
    assert main(["list", "--server", server, "--token", token]) == 0
    assert capsys.readouterr().out == f"{job.pk}  queued     Lamp\n"
    (tmp_path / "text.png").write_text("no picture")
    assert main(["make", str(tmp_path / "text.png"), "--server", server, "--token", token]) == 2
    error = capsys.readouterr().err
    assert (error.count("\n"), "[unsupported_type]" in error) == (1, True)
    assert main(["list", "--server", server, "--token", "wrong"]) == 2


def test_the_command_reports_why_a_job_failed(
    server: str, job: Job, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.models import State

    in_state(job, State.FAILED)
    token = tokens.create(job.owner, "test")[1]
    with Client(server, token) as client:
        failed = client.job(str(job.pk))
    monkeypatch.setattr(Client, "create_job", lambda *args, **named: failed)
    assert main(["make", "photo.png", "--server", server, "--token", token]) == 2
    assert "[no_subject]" in capsys.readouterr().err
    services.delete(job.pk)


class Unsteady(httpx.BaseTransport):
    """Answers with each of `answers` in turn; an exception is a lost connection."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers, self.requests = list(answers), list[httpx.Request]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


JOB: dict[str, Any] = {
    "id": "1", "title": "", "state": "succeeded", "stage": "", "progress": 1.0, "eta_seconds": None, "seq": 1,
}  # fmt: skip
BUSY = httpx.Response(503, json={"code": "busy", "retryable": True}, headers={"Retry-After": "7"})


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the client has waited, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


def test_it_waits_as_long_as_the_server_says(pauses: list[float]) -> None:
    transport = Unsteady(BUSY, httpx.ConnectError("gone"), httpx.Response(200, json=JOB))
    assert Client("http://x", transport=transport).job("1").state == "succeeded"
    assert pauses == [7.0, 2.0]


def test_a_lost_connection_creates_one_job(pauses: list[float]) -> None:
    transport = Unsteady(httpx.ReadError("cut"), httpx.Response(202, json=JOB))
    Client("http://x", transport=transport).create_job([b"photo"])
    keys = {request.headers["Idempotency-Key"] for request in transport.requests}
    assert (len(transport.requests), len(keys)) == (2, 1)
    assert all(b"photo" in request.content for request in transport.requests)


def test_what_cannot_be_repeated_is_not(pauses: list[float]) -> None:
    transport = Unsteady(httpx.ReadError("cut"))
    with pytest.raises(Problem, match="unreachable"):
        Client("http://x", transport=transport).remix("1")
    assert pauses == []


@pytest.mark.parametrize("retry_after", ["3600", "1"])
def test_it_gives_up_in_the_end(pauses: list[float], retry_after: str) -> None:
    busy = [httpx.Response(429, json={"code": "throttled"}, headers={"Retry-After": retry_after}) for _ in range(9)]
    with pytest.raises(Problem, match="throttled"):
        Client("http://x", transport=Unsteady(*busy)).job("1")
    assert pauses == ([] if retry_after == "3600" else [1.0] * 4)


def test_waiting_has_an_end(pauses: list[float]) -> None:
    running = [httpx.Response(200, json=JOB | {"state": "running"}, headers={"Retry-After": "2"}) for _ in range(4)]
    with pytest.raises(TimeoutError):
        Client("http://x", transport=Unsteady(*running)).wait("1", timeout=5)
    assert pauses == [2.0, 2.0, 2.0]


def test_a_broken_download_leaves_no_file(pauses: list[float], tmp_path: Path) -> None:
    def cut() -> Iterator[bytes]:
        yield b"half"
        raise httpx.ReadError("cut")

    listed = httpx.Response(200, json=[{"name": "mesh.glb", "download": True}])
    answers = [httpx.Response(200, content=cut()) for _ in range(5)]
    with pytest.raises(Problem, match="unreachable"):
        Client("http://x", transport=Unsteady(listed, *answers)).download("1", tmp_path)
    assert list(tmp_path.iterdir()) == []
