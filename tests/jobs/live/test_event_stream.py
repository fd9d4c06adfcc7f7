"""Server-sent events: every entry of the log exactly once, also after an interruption, and nothing without access."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers
from channels.testing import WebsocketCommunicator
from django.core.cache import cache
from django.test import AsyncClient
from pytest_django import Settings

from accounts.core import tokens
from accounts.models import ApiToken, User
from jobs.core import moderation, services, transitions
from jobs.core.transitions import Writer
from jobs.live import event_stream, hub
from jobs.models import Job, JobEvent, State
from reconsite.application import application
from tests.conftest import api_of, in_state

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS = "/api/v1/events/"


@pytest.fixture(autouse=True)
async def quiet_hub() -> AsyncIterator[None]:
    """As in test_consumers."""
    channel_layers.backends.clear()
    yield
    await hub.current_hub().shut_down()


class Stream:
    """An open stream and what has been read of it."""

    def __init__(self, user: User, job: Job | None = None, last_id: str = "") -> None:
        self.url = EVENTS if job is None else f"/api/v1/jobs/{job.pk}/events/"
        self.user, self.last_id = user, last_id

    async def __aenter__(self) -> Stream:
        token = (await sync_to_async(tokens.create)(self.user, "test"))[1]
        headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
        if self.last_id:
            headers["last-event-id"] = self.last_id
        client: Any = AsyncClient()
        self.response = await client.get(self.url, headers=headers)
        self.frames: Any = aiter(self.response) if self.response.streaming else None
        return self

    async def __aexit__(self, *args: object) -> None:
        if self.frames is not None:
            await self.frames.aclose()

    async def next(self, *kinds: str) -> dict[str, Any]:
        """The next event, of one of these kinds if some are given."""
        while True:
            frame = (await asyncio.wait_for(anext(self.frames), 10)).decode()
            fields = dict(line.split(": ", 1) for line in frame.strip().splitlines() if not line.startswith(":"))
            if "event" in fields and (not kinds or fields["event"] in kinds):
                self.last_id = fields.get("id", self.last_id)
                return {"event": fields["event"], **json.loads(fields["data"])}


async def test_a_job_is_followed_to_its_end(job: Job, owner: User) -> None:
    async with Stream(owner, job) as stream:
        assert stream.response["Content-Type"] == "text/event-stream"
        assert (await stream.next())["event"] == "ready"
        assert (await stream.next("job"))["state"] == "queued"
        await sync_to_async(in_state)(job, State.RUNNING)
        assert (await stream.next("change"))["state"] == "running"
        assert (await stream.next("job"))["state"] == "running"
        token = (await Job.objects.aget(pk=job.pk)).lease_token
        assert token
        await sync_to_async(transitions.report_progress)(job.pk, token, "scene", 0.5, new_stage=True)
        change = await stream.next("change")
        assert (change["kind"], change["stage"], change["progress"]) == ("stage", "scene", 0.5)
        await sync_to_async(transitions.fail)(job.pk, "timeout", writer=Writer.WORKER, token=token)
        seen = [await stream.next() for _ in range(2)]
        while seen[-1]["event"] != "end":  # the step before the end may be sent as a state of its own
            seen.append(await stream.next())
        assert (seen[-2]["failure"]["code"], seen[-1]["reason"]) == ("timeout", "finished")


async def test_what_was_missed_is_sent_again(job: Job, owner: User) -> None:
    """As after a restart of the web process: nothing but the number of the last event is left of the first stream."""
    async with Stream(owner, job) as first:
        await first.next("ready")
    await sync_to_async(in_state)(job, State.FAILED)
    await sync_to_async(services.retry)(await Job.objects.aget(pk=job.pk))
    async with Stream(owner, job, first.last_id) as second:
        states = [(await second.next("change"))["state"] for _ in range(3)]
        assert states == ["running", "failed", "queued"]
    async with Stream(owner, job, second.last_id) as third:
        assert (await third.next())["event"] == "job"  # nothing is repeated


async def test_a_client_that_knows_the_end_is_told_not_to_come_back(job: Job, owner: User) -> None:
    await sync_to_async(services.cancel)(job.pk)
    last = await JobEvent.objects.filter(job=job).alatest("pk")
    async with Stream(owner, job, str(last.pk)) as stream:
        assert stream.response.status_code == 204


async def test_one_stream_follows_all_own_jobs(
    job: Job, owner: User, stranger: User, submit: Callable[..., Job]
) -> None:
    async with Stream(owner) as stream:
        await stream.next("ready")
        await sync_to_async(submit)(stranger)
        new = await sync_to_async(submit)(title="New")
        assert (await stream.next("change"))["job"] == str(new.pk)
        await sync_to_async(services.cancel)(job.pk)
        assert (await stream.next("change"))["job"] == str(job.pk)
        found = await stream.next("job")
        assert (found["id"], found["state"], "files" in found) == (str(job.pk), "cancelled", False)


async def test_all_own_jobs_are_resumed_too(job: Job, owner: User, submit: Callable[..., Job]) -> None:
    async with Stream(owner) as first:
        await first.next("ready")
    new = await sync_to_async(submit)(title="New")
    async with Stream(owner, last_id=first.last_id) as second:
        assert (await second.next("change"))["job"] == str(new.pk)


END: list[tuple[Callable[[Job, User], object], str]] = [
    (lambda job, staff: ApiToken.objects.all().delete(), "signed_out"),
    (lambda job, staff: services.delete(job.pk), "not_found"),
    (lambda job, staff: moderation.ban(staff, job.owner, "Spam."), "signed_out"),
    (lambda job, staff: moderation.hide(staff, job, "Rude."), "not_found"),
]


@pytest.mark.parametrize(("end", "reason"), END)
async def test_a_stream_ends_with_the_access(
    job: Job, owner: User, staff: User, monkeypatch: pytest.MonkeyPatch, end: Callable[[Job, User], object], reason: str
) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.2)  # what sends no notification is noticed by then
    async with Stream(owner, job) as stream:
        await stream.next("job")
        await sync_to_async(end)(job, staff)
        assert await stream.next("end") == {"event": "end", "reason": reason}


async def test_a_silent_stream_has_a_heartbeat(job: Job, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.05)
    async with Stream(owner, job) as stream:
        await stream.next("job")
        assert await anext(stream.frames) == b": heartbeat\n\n"


async def test_a_person_has_a_limited_number_of_streams(job: Job, owner: User, settings: Settings) -> None:
    settings.MAX_SOCKETS_PER_USER = 1
    async with Stream(owner, job) as first:
        await first.next("ready")
        async with Stream(owner, job) as second:
            assert await second.next() == {"event": "end", "reason": "too_many_streams"}


@pytest.mark.parametrize("headers", [{"last-event-id": "x"}, {"last-event-id": "-1"}, {"last-event-id": "9" * 40}])
def test_an_odd_last_event_is_rejected(job: Job, owner: User, headers: dict[str, str]) -> None:
    for url in (EVENTS, f"/api/v1/jobs/{job.pk}/events/"):
        assert api_of(owner).get(url, headers=headers).status_code == 400


def test_a_stream_is_for_who_may_see_the_job(job: Job, stranger: User) -> None:
    url = f"/api/v1/jobs/{job.pk}/events/"
    assert [api_of(user).get(url).status_code for user in (stranger, None)] == [404, 401]
    assert api_of(None).get(EVENTS).status_code == 401


def new_ticket(user: User) -> str:
    token = tokens.create(user, "test")[1]
    response = api_of(None).post(f"{EVENTS}ticket/", headers={"authorization": f"Bearer {token}"})
    assert response.status_code == 201
    return str(response.data["ticket"])


async def is_open(job: Job, ticket: str) -> bool:
    socket = WebsocketCommunicator(application, f"/ws/jobs/{job.pk}/?ticket={ticket}")
    await socket.connect(timeout=10)
    output = await socket.receive_output(10)
    await socket.disconnect()
    return bool(output["type"] == "websocket.send")


async def test_a_ticket_opens_one_socket(job: Job, owner: User, stranger: User) -> None:
    ticket = await sync_to_async(new_ticket)(owner)
    assert await is_open(job, ticket)
    assert not await is_open(job, ticket)
    assert not await is_open(job, "made-up")
    assert not await is_open(job, await sync_to_async(new_ticket)(stranger))


async def test_a_ticket_ends_with_its_token(job: Job, owner: User) -> None:
    ticket = await sync_to_async(new_ticket)(owner)
    await ApiToken.objects.all().adelete()
    assert not await is_open(job, ticket)


async def test_an_expired_ticket_opens_nothing(job: Job, owner: User) -> None:
    ticket = await sync_to_async(new_ticket)(owner)
    await sync_to_async(cache.delete)(f"socket-ticket:{ticket}")
    assert not await is_open(job, ticket)
