"""Webhooks: signed, tried again, listed, and never sent to the server's own network."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from jobs.core import moderation, services, webhooks
from jobs.models import Job, State, Webhook, WebhookDelivery
from jobs.work import webhook_sender
from tests.conftest import api_of, in_state

pytestmark = pytest.mark.django_db

HOOKS = "/api/v1/webhooks/"


class Receiver(HTTPServer):
    """Answers with the statuses of a list, then with 200; keeps what it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses: list[int] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?key=1"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(({"path": self.path, **dict(self.headers)}, body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A receiver on this machine, whose network the operator has allowed."""
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def hook(owner: User, receiver: Receiver) -> Webhook:
    return webhooks.create(owner, receiver.url)


def send_later(minutes: float = 0) -> int:
    """Send what is due so many minutes from now."""
    WebhookDelivery.objects.exclude(next_attempt_at=None).update(
        next_attempt_at=timezone.now() - timedelta(seconds=1)
    ) if minutes else None
    return webhook_sender.send_due()


def test_each_change_of_state_is_sent_signed(job: Job, hook: Webhook, receiver: Receiver) -> None:
    in_state(job, State.FAILED)
    assert send_later() + send_later() == 2
    bodies = [json.loads(body) for _, body in receiver.requests]
    assert sorted(body["event"] for body in bodies) == ["job.failed", "job.running"]
    headers, body = receiver.requests[0]
    timestamp, digest = (part.split("=", 1)[1] for part in headers["Reconsite-Signature"].split(","))
    expected = hmac.new(hook.secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert digest == expected
    assert json.loads(body)["id"] == headers["Reconsite-Delivery"]
    assert headers["path"] == "/hook?key=1"


def test_a_receiver_that_fails_twice_gets_it_the_third_time(job: Job, hook: Webhook, receiver: Receiver) -> None:
    receiver.statuses = [500, 503]
    services.cancel(job.pk)
    waits = []
    for _ in range(3):
        send_later(1)
        delivery = WebhookDelivery.objects.get()
        waits.append(delivery.next_attempt_at and round((delivery.next_attempt_at - timezone.now()).total_seconds()))
    assert waits == [10, 60, None]
    assert (delivery.attempts, delivery.status, delivery.error, bool(delivery.delivered_at)) == (3, 200, "", True)
    assert len({body for _, body in receiver.requests}) == 1
    assert send_later(1) == 0


def test_it_is_given_up_after_a_day(job: Job, hook: Webhook, receiver: Receiver) -> None:
    receiver.statuses = [500] * 20
    services.cancel(job.pk)
    tries = 0
    while send_later(1):
        tries += 1
    assert tries == len(webhooks.BACKOFF_SECONDS) + 1
    assert sum(webhooks.BACKOFF_SECONDS) == pytest.approx(24 * 3600, rel=0.01)
    assert WebhookDelivery.objects.get().delivered_at is None


def test_a_redirect_is_not_followed(job: Job, hook: Webhook, receiver: Receiver) -> None:
    receiver.statuses = [302]
    services.cancel(job.pk)
    send_later()
    assert WebhookDelivery.objects.get().error == "The receiver answered with status 302."
    assert len(receiver.requests) == 1


PRIVATE = [
    "http://127.0.0.1/",
    "http://10.0.0.1/",
    "http://192.168.1.1:8000/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[2002:7f00:1::]/",
    "http://0.0.0.0/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://user:secret@example.org/",
    "ftp://example.org/",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_address_is_refused(owner: User, url: str) -> None:
    response = api_of(owner).post(HOOKS, {"url": url})
    assert (response.status_code, response.data["errors"][0]["attr"]) == (400, "url")
    assert not Webhook.objects.exists()


def test_a_public_name_of_a_private_address_gets_nothing(
    job: Job, owner: User, receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_NETWORKS = []
    webhooks.create(owner, f"http://public.example:{receiver.server_port}/")
    addresses = [("8.8.8.8", 1), ("127.0.0.1", 1)]  # one public address beside the private one changes nothing
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **named: [(0, 0, 0, "", entry) for entry in addresses])
    services.cancel(job.pk)
    send_later()
    assert WebhookDelivery.objects.get().error == "The address is not public."
    assert receiver.requests == []


def test_only_chosen_events_are_sent(job: Job, owner: User, receiver: Receiver) -> None:
    webhooks.create(owner, receiver.url, ["job.succeeded"])
    in_state(job, State.SUCCEEDED)
    assert [delivery.event for delivery in WebhookDelivery.objects.all()] == ["job.succeeded"]


def test_nobody_hears_of_others_jobs(job: Job, stranger: User, receiver: Receiver) -> None:
    webhooks.create(stranger, receiver.url)
    services.cancel(job.pk)
    assert not WebhookDelivery.objects.exists()


def test_nothing_is_sent_for_a_suspended_person(job: Job, hook: Webhook, staff: User, receiver: Receiver) -> None:
    moderation.ban(staff, job.owner, "Spam.")
    assert send_later(1) == 0
    assert receiver.requests == []


def test_two_processes_do_not_send_the_same(job: Job, hook: Webhook) -> None:
    services.cancel(job.pk)
    delivery = WebhookDelivery.objects.get()
    at = delivery.next_attempt_at
    assert [webhook_sender.claim(delivery.pk, at) for _ in range(2)] == [True, False]


def test_a_webhook_is_made_tested_changed_and_deleted(owner: User, receiver: Receiver) -> None:
    api = api_of(owner)
    created = api.post(HOOKS, {"url": receiver.url, "events": ["job.failed"]})
    assert (created.status_code, created.data["secret"][:6]) == (201, "whsec_")
    url = f"{HOOKS}{created.data['id']}/"
    assert "secret" not in api.get(url).data
    assert api.post(f"{url}test/").status_code == 202
    send_later()
    (delivery,) = api.get(f"{url}deliveries/").data["results"]
    assert (delivery["event"], delivery["status"]) == ("test", 200)
    again = api.post(f"{url}deliveries/{delivery['id']}/redeliver/")
    assert (again.status_code, again.data["delivered_at"]) == (202, None)
    send_later()
    assert [json.loads(body)["id"] for _, body in receiver.requests] == [delivery["id"]] * 2
    assert api.patch(url, {"is_active": False}).data["is_active"] is False
    assert api.patch(url, {"url": "http://10.0.0.1/"}).status_code == 400
    assert api.get(HOOKS).data["count"] == 1
    assert [api.delete(url).status_code for _ in range(2)] == [204, 404]


@pytest.mark.parametrize(
    ("method", "path"), [("get", ""), ("patch", ""), ("delete", ""), ("post", "test/"), ("get", "deliveries/")]
)
def test_a_webhook_is_for_its_owner_alone(hook: Webhook, stranger: User, staff: User, method: str, path: str) -> None:
    url = f"{HOOKS}{hook.pk}/{path}"
    assert [getattr(api_of(user), method)(url).status_code for user in (stranger, staff, None)] == [404, 404, 401]


def test_webhooks_are_limited(owner: User) -> None:
    for _ in range(webhooks.MAX_WEBHOOKS):
        webhooks.create(owner, "https://example.org/")
    response = api_of(owner).post(HOOKS, {"url": "https://example.org/"})
    assert (response.status_code, response.data["code"]) == (403, "too_many_webhooks")


def test_old_deliveries_are_deleted(job: Job, hook: Webhook) -> None:
    services.cancel(job.pk)
    assert webhooks.delete_old() == 0
    WebhookDelivery.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert webhooks.delete_old() == 1


@pytest.mark.parametrize("count", [1, 50])
def test_the_list_of_deliveries_needs_few_queries(
    hook: Webhook, owner: User, count: int, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for _ in range(count):
        webhooks.send_test(hook)
    with django_assert_max_num_queries(3):
        assert len(api_of(owner).get(f"{HOOKS}{hook.pk}/deliveries/?page_size=100").data["results"]) == count
