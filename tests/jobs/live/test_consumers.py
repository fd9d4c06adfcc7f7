"""The socket of a job: a snapshot, then every change, and nothing without access."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.test import Client

from accounts.models import ApiToken, User
from jobs.core import artifacts, moderation, services, transitions
from jobs.core.transitions import Writer
from jobs.live import consumers
from jobs.models import Job, State
from reconsite.asgi import application
from tests.conftest import in_state, signed_in

pytestmark = pytest.mark.django_db(transaction=True)


def cookie(client: Client) -> bytes:
    """The session cookie of a signed-in browser."""
    return f"sessionid={client.cookies['sessionid'].value}".encode()


def page_socket(job_id: object, user: User | None, origin: bytes = b"http://localhost") -> WebsocketCommunicator:
    """A socket as a page opens it."""
    headers = [(b"origin", origin), (b"host", b"localhost")]
    if user is not None:
        headers.append((b"cookie", cookie(signed_in(user))))
    return WebsocketCommunicator(application, f"/ws/jobs/{job_id}/", headers)


def app_socket(job_id: object, token: str) -> WebsocketCommunicator:
    """A socket as an app opens it: a token, no origin."""
    return WebsocketCommunicator(application, f"/ws/jobs/{job_id}/", [(b"authorization", f"Bearer {token}".encode())])


async def opened(socket: WebsocketCommunicator) -> WebsocketCommunicator:
    accepted, _ = await socket.connect(timeout=10)
    assert accepted
    return socket


async def next_job(socket: WebsocketCommunicator) -> dict[str, Any]:
    message = await socket.receive_json_from(timeout=10)
    return dict(message["job"], type=message["type"])


async def closing_code(socket: WebsocketCommunicator) -> int:
    message = await socket.receive_output(timeout=10)
    assert message["type"] == "websocket.close", message
    return int(message["code"])


@pytest.fixture
def make_socket(job: Job, owner: User) -> WebsocketCommunicator:
    return page_socket(job.pk, owner)


async def test_the_owner_gets_a_snapshot_then_each_stage(job: Job, make_socket: WebsocketCommunicator) -> None:
    socket = await opened(make_socket)
    assert (await next_job(socket))["state"] == "queued"
    token = await sync_to_async(transitions.claim)(job.pk, worker="w")
    assert token
    assert (await next_job(socket))["state"] == "running"
    await sync_to_async(transitions.report_progress)(job.pk, token, "scene", 0.4, new_stage=True)
    message = await next_job(socket)
    assert (message["type"], message["stage"], message["progress"], message["seq"]) == ("job", "scene", 0.4, 2)
    await socket.disconnect()


async def test_the_socket_closes_when_the_job_has_ended(job: Job, make_socket: WebsocketCommunicator) -> None:
    socket = await opened(make_socket)
    await next_job(socket)
    await sync_to_async(services.cancel)(job.pk)
    assert (await next_job(socket))["state"] == "cancelled"
    assert await closing_code(socket) == 1000


async def test_an_ended_job_is_sent_once(job: Job, make_socket: WebsocketCommunicator) -> None:
    await sync_to_async(in_state)(job, State.FAILED)
    socket = await opened(make_socket)
    assert (await next_job(socket))["failure"]["code"] == "no_subject"
    assert await closing_code(socket) == 1000


@pytest.fixture
def strange_socket(job: Job, stranger: User) -> WebsocketCommunicator:
    return page_socket(job.pk, stranger)


async def test_a_stranger_receives_nothing(job: Job, strange_socket: WebsocketCommunicator) -> None:
    await opened(strange_socket)
    assert await closing_code(strange_socket) == consumers.NOT_FOUND
    await sync_to_async(services.cancel)(job.pk)
    assert await strange_socket.receive_nothing()


async def test_an_anonymous_user_and_a_wrong_id_get_the_same_closing_code(job: Job) -> None:
    for socket in (page_socket(job.pk, None), page_socket(uuid4(), None)):
        assert await closing_code(await opened(socket)) == consumers.NOT_FOUND


@pytest.fixture
def foreign_socket(job: Job, owner: User) -> WebsocketCommunicator:
    return page_socket(job.pk, owner, origin=b"http://evil.example")


async def test_a_page_of_another_site_is_rejected(foreign_socket: WebsocketCommunicator) -> None:
    accepted, _ = await foreign_socket.connect(timeout=10)
    assert not accepted


@pytest.fixture
def token(owner: User) -> str:
    return str(ApiToken.objects.create(user=owner)[1])


async def test_an_app_connects_with_its_token(job: Job, token: str) -> None:
    socket = await opened(app_socket(job.pk, token))
    assert (await next_job(socket))["id"] == str(job.pk)
    await socket.disconnect()


async def test_an_invalid_token_is_closed(job: Job, token: str) -> None:
    socket = await opened(app_socket(job.pk, token[:-4] + "0000"))
    assert await closing_code(socket) == consumers.NOT_FOUND


async def test_a_client_that_sends_is_closed(make_socket: WebsocketCommunicator) -> None:
    socket = await opened(make_socket)
    await next_job(socket)
    await socket.send_to(text_data=json.dumps({"hello": 1}))
    assert await closing_code(socket) == consumers.POLICY


async def test_the_socket_of_a_banned_owner_closes_at_the_next_refresh(
    make_socket: WebsocketCommunicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "REFRESH_SECONDS", 0.05)
    socket = await opened(make_socket)
    await next_job(socket)
    await sync_to_async(User.objects.update)(is_active=False)
    assert await closing_code(socket) == consumers.NOT_FOUND


async def test_a_refresh_makes_up_for_a_lost_notification(
    job: Job, make_socket: WebsocketCommunicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "REFRESH_SECONDS", 0.05)
    monkeypatch.setattr("jobs.core.notify.job_changed", lambda job_id: None)
    socket = await opened(make_socket)
    await next_job(socket)
    await sync_to_async(transitions.advance)(job.pk, State.CANCELLED, writer=Writer.WEB)
    assert (await next_job(socket))["state"] == "cancelled"


@pytest.mark.slow  # it has to wait longer than the timeout
async def test_an_idle_socket_stays_open_longer_than_the_redis_timeout(
    job: Job, make_socket: WebsocketCommunicator
) -> None:
    """redis-py 8 would close it after five seconds of silence (docs/decisions/0001)."""
    socket = await opened(make_socket)
    await next_job(socket)
    assert await socket.receive_nothing(timeout=7)
    await sync_to_async(services.cancel)(job.pk)
    assert (await next_job(socket))["state"] == "cancelled"


@pytest.fixture
def second_socket(job: Job, owner: User, submit: Callable[..., Job]) -> WebsocketCommunicator:
    """The socket of a page whose job is queued behind `job`."""
    return page_socket(submit().pk, owner)


async def test_a_queued_job_gets_its_new_position_when_the_queue_moves(
    job: Job, second_socket: WebsocketCommunicator
) -> None:
    socket = await opened(second_socket)
    first = await next_job(socket)
    assert first["queue_position"] == 2
    await sync_to_async(services.cancel)(job.pk)
    message = await next_job(socket)
    assert (message["type"], message["queue_position"], message["seq"]) == ("snapshot", 1, first["seq"])
    await socket.disconnect()


async def test_early_files_are_sent_to_the_open_page(
    job: Job, make_socket: WebsocketCommunicator, tmp_path: Path
) -> None:
    socket = await opened(make_socket)
    await next_job(socket)
    token = await sync_to_async(transitions.claim)(job.pk, worker="w")
    assert token
    await next_job(socket)
    (tmp_path / "cutout.png").write_bytes(b"early")
    await sync_to_async(artifacts.store_early)(job, token, tmp_path / "cutout.png")
    assert [file["name"] for file in (await next_job(socket))["files"]] == ["cutout.png"]
    await socket.disconnect()


async def test_a_ban_closes_open_sockets_at_once(job: Job, make_socket: WebsocketCommunicator, staff: User) -> None:
    socket = await opened(make_socket)
    await next_job(socket)
    await sync_to_async(moderation.ban)(staff, job.owner, "Spam.")
    assert await closing_code(socket) == consumers.NOT_FOUND


async def test_without_redis_the_socket_closes_with_a_code_to_reconnect(
    make_socket: WebsocketCommunicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def group_add(*args: object) -> None:
        raise ConnectionError("Redis is not responding")

    monkeypatch.setattr("channels_redis.core.RedisChannelLayer.group_add", group_add)
    accepted, code = await make_socket.connect(timeout=10)
    assert (accepted, code) == (False, consumers.SERVICE_RESTART)
