"""The socket of a job: a snapshot, then every change, and nothing without access."""

import json
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from autobahn.websocket.protocol import WebSocketServerProtocol
from channels.layers import channel_layers
from channels.testing import WebsocketCommunicator
from django.test import Client
from pytest_django import Settings

from accounts.core import tokens
from accounts.models import ApiToken, User
from jobs.core import artifacts, moderation, services, transitions
from jobs.core.transitions import Writer
from jobs.http.serializers import JobSerializer
from jobs.live import consumers, hub, snapshots
from jobs.live.routing import socket_address
from jobs.models import Job, State
from reconsite.application import application
from tests.conftest import in_state, signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def quiet_hub() -> AsyncIterator[None]:
    """A channel layer of its own: a connection that an ended loop has left behind would take this test's messages."""
    channel_layers.backends.clear()
    yield
    await hub.current_hub().shut_down()


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
    assert await closing_code(strange_socket) == snapshots.NOT_FOUND
    await sync_to_async(services.cancel)(job.pk)
    assert await strange_socket.receive_nothing()


async def test_an_anonymous_user_and_a_wrong_id_get_the_same_closing_code(job: Job) -> None:
    for socket in (page_socket(job.pk, None), page_socket(uuid4(), None)):
        assert await closing_code(await opened(socket)) == snapshots.SIGNED_OUT


async def test_a_stranger_and_a_wrong_id_get_the_same_closing_code(job: Job, stranger: User) -> None:
    for job_id in (job.pk, uuid4()):
        socket = await sync_to_async(page_socket)(job_id, stranger)
        assert await closing_code(await opened(socket)) == snapshots.NOT_FOUND


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
    assert await closing_code(socket) == snapshots.SIGNED_OUT


async def test_a_client_that_sends_is_closed(make_socket: WebsocketCommunicator) -> None:
    socket = await opened(make_socket)
    await next_job(socket)
    await socket.send_to(text_data=json.dumps({"hello": 1}))
    assert await closing_code(socket) == consumers.POLICY


async def test_the_socket_of_a_banned_owner_closes_at_the_next_refresh(
    make_socket: WebsocketCommunicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "CHECK_SECONDS", 0.05)
    socket = await opened(make_socket)
    await next_job(socket)
    await sync_to_async(User.objects.update)(is_active=False)
    assert await closing_code(socket) == snapshots.SIGNED_OUT


async def test_a_refresh_makes_up_for_a_lost_notification(
    job: Job, make_socket: WebsocketCommunicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "CHECK_SECONDS", 0.05)
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
    assert await closing_code(socket) == snapshots.SIGNED_OUT


async def test_without_redis_the_socket_closes_with_a_code_to_reconnect(
    make_socket: WebsocketCommunicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def group_add(*args: object) -> None:
        raise ConnectionError("Redis is not responding")

    monkeypatch.setattr("channels_redis.core.RedisChannelLayer.group_add", group_add)
    accepted, code = await make_socket.connect(timeout=10)
    assert (accepted, code) == (False, hub.SERVICE_RESTART)


async def test_a_password_change_closes_the_sockets_of_page_and_app(
    job: Job, make_socket: WebsocketCommunicator, token: str
) -> None:
    sockets = [await opened(make_socket), await opened(app_socket(job.pk, token))]
    for socket in sockets:
        await next_job(socket)
    await sync_to_async(change_password)(job.owner)
    assert [await closing_code(socket) for socket in sockets] == [snapshots.SIGNED_OUT] * 2


def change_password(user: User) -> None:
    user.set_password("another-long-word")
    user.save()


async def test_signing_out_closes_only_the_sockets_of_that_browser(job: Job, owner: User) -> None:
    browser = await sync_to_async(signed_in)(owner)
    headers = [(b"origin", b"http://localhost"), (b"host", b"localhost"), (b"cookie", cookie(browser))]
    gone = await opened(WebsocketCommunicator(application, f"/ws/jobs/{job.pk}/", headers))
    kept = await opened(await sync_to_async(page_socket)(job.pk, owner))
    for socket in (gone, kept):
        await next_job(socket)
    await sync_to_async(browser.post)("/accounts/logout/")
    assert await closing_code(gone) == snapshots.SIGNED_OUT
    await sync_to_async(services.rename)(job, "Still here")
    assert (await next_job(kept))["title"] == "Still here"
    await kept.disconnect()


async def test_a_revoked_token_closes_its_socket(job: Job, token: str) -> None:
    socket = await opened(app_socket(job.pk, token))
    await next_job(socket)
    await sync_to_async(tokens.revoke)(job.owner, token[:15])
    assert await closing_code(socket) == snapshots.SIGNED_OUT


async def test_a_demoted_moderator_sees_no_further_change(job: Job, staff: User) -> None:
    socket = await opened(await sync_to_async(page_socket)(job.pk, staff))
    await next_job(socket)
    await sync_to_async(User.objects.filter(pk=staff.pk).update)(is_staff=False)
    await sync_to_async(services.rename)(job, "Secret")
    assert await closing_code(socket) == snapshots.NOT_FOUND


async def test_a_hidden_job_closes_the_socket_of_its_owner(
    job: Job, make_socket: WebsocketCommunicator, staff: User
) -> None:
    socket = await opened(make_socket)
    await next_job(socket)
    await sync_to_async(moderation.hide)(staff, job, "Reported.")
    assert await closing_code(socket) == snapshots.NOT_FOUND


@pytest.mark.parametrize("limit", ["MAX_SOCKETS_PER_USER", "MAX_SOCKETS_PER_ADDRESS"])
async def test_one_socket_too_many_is_closed_and_a_free_place_can_be_taken(
    job: Job, owner: User, settings: Settings, limit: str
) -> None:
    setattr(settings, limit, 2)
    sockets = [await sync_to_async(page_socket)(job.pk, owner) for _ in range(4)]
    for socket in sockets[:2]:
        await next_job(await opened(socket))
    assert await closing_code(await opened(sockets[2])) == hub.TRY_AGAIN_LATER
    await sockets[0].disconnect()
    await next_job(await opened(sockets[3]))
    for socket in (sockets[1], sockets[3]):
        await socket.disconnect()


async def test_a_change_is_read_once_for_all_sockets(job: Job, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    sockets = [await sync_to_async(page_socket)(job.pk, owner) for _ in range(5)]
    for socket in sockets:
        await next_job(await opened(socket))
    built = 0

    def build(*args: Any, **named: Any) -> JobSerializer:
        nonlocal built
        built += 1
        return JobSerializer(*args, **named)

    monkeypatch.setattr("jobs.live.snapshots.JobSerializer", build)
    await sync_to_async(services.rename)(job, "New name")
    assert [(await next_job(socket))["title"] for socket in sockets] == ["New name"] * 5
    assert built <= 2  # the change may arrive while the last socket is being opened
    for socket in sockets:
        await socket.disconnect()


async def test_an_unknown_socket_is_rejected() -> None:
    socket = WebsocketCommunicator(application, "/ws/nope/", [(b"origin", b"http://localhost")])
    accepted, _ = await socket.connect(timeout=10)
    assert not accepted


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [(0, b"6.6.6.6", "1.2.3.4"), (1, b"6.6.6.6, 5.5.5.5", "5.5.5.5"), (1, b"", "1.2.3.4")],
)
def test_the_address_of_a_client_cannot_be_claimed(
    settings: Settings, proxies: int, forwarded: bytes, address: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    headers = [(b"x-forwarded-for", forwarded)]
    assert socket_address({"headers": headers, "client": ["1.2.3.4", 80]}) == address


def test_daphne_can_send_every_closing_code() -> None:
    """Its WebSocket library raises an exception for others, and the client would see a broken connection."""
    ours = [consumers.POLICY, hub.SERVICE_RESTART, hub.TRY_AGAIN_LATER, snapshots.SIGNED_OUT, snapshots.NOT_FOUND]
    protocol = WebSocketServerProtocol()
    protocol.state = WebSocketServerProtocol.STATE_CLOSED
    setattr(protocol, "log", logging.getLogger(__name__))  # noqa: B010 (txaio adds it at run time)
    for code in [consumers.NORMAL_CLOSURE, *ours]:
        protocol.sendClose(code=code)
    with pytest.raises(Exception, match="invalid close code"):
        protocol.sendClose(code=1013)
