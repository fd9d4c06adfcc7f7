"""Sends webhooks: signed, to public addresses only, without following redirects, again and again for a day."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import logging
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from jobs.core import webhooks
from jobs.models import WebhookDelivery

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10.0
"""For each step of a request: connecting, sending, the first byte of the response."""
DEADLINE_SECONDS = 20.0
"""For the whole request, however slowly the receiver answers."""
CLAIM = timedelta(seconds=120)
"""If the process dies while it sends, another one sends the delivery again after this time."""
BATCH, THREADS = 20, 4
"""Deliveries that one pass takes, and how many are sent at once."""


@dataclass(frozen=True)
class Outcome:
    """The status of the response, None without one, and why the attempt counts as failed; empty if it does not."""

    status: int | None
    error: str = ""


def send_due() -> int:
    """Send what is due; returns how many deliveries were tried. Any number of processes may do this."""
    due = WebhookDelivery.objects.filter(next_attempt_at__lte=timezone.now(), webhook__owner__is_active=True)
    rows = due.order_by("next_attempt_at").values_list("pk", "next_attempt_at")[:BATCH]
    ids = [pk for pk, at in rows if claim(pk, at)]
    deliveries = list(WebhookDelivery.objects.select_related("webhook").filter(pk__in=ids))
    with ThreadPoolExecutor(THREADS) as pool:  # they only wait for receivers; the rows are written by this thread
        for delivery, outcome in zip(deliveries, pool.map(attempt, deliveries), strict=True):
            _record(delivery, outcome)
    return len(deliveries)


def claim(delivery_id: UUID, at: datetime | None) -> bool:
    """Take a delivery that is due at `at`; False if another process was first."""
    mine = WebhookDelivery.objects.filter(pk=delivery_id, next_attempt_at=at)
    return bool(mine.update(next_attempt_at=timezone.now() + CLAIM))


def attempt(delivery: WebhookDelivery) -> Outcome:
    """Send a claimed delivery once."""
    body = webhooks.encoded(delivery)
    return post(delivery.webhook.url, body, headers_of(delivery, body))


def headers_of(delivery: WebhookDelivery, body: bytes) -> dict[str, str]:
    """Who sends what, and the signature of time and body."""
    return {
        "Content-Type": "application/json",
        "User-Agent": f"Reconsite/{settings.VERSION}",
        "Reconsite-Event": delivery.event,
        "Reconsite-Delivery": str(delivery.pk),
        "Reconsite-Signature": signature(delivery.webhook.secret, body, int(time.time())),
    }


def signature(secret: str, body: bytes, timestamp: int) -> str:
    """`t=…,v1=…`: HMAC-SHA256 of “timestamp.body”, so that an old request cannot be sent again by others."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def _record(delivery: WebhookDelivery, outcome: Outcome) -> None:
    delivery.attempts += 1
    delivery.status, delivery.error = outcome.status, outcome.error[:200]
    delivery.next_attempt_at = None
    if not outcome.error:
        delivery.delivered_at = timezone.now()
    elif delivery.attempts <= len(webhooks.BACKOFF_SECONDS):
        wait = webhooks.BACKOFF_SECONDS[delivery.attempts - 1]
        delivery.next_attempt_at = timezone.now() + timedelta(seconds=wait)
    delivery.save(update_fields=["attempts", "status", "error", "next_attempt_at", "delivered_at"])


def post(url: str, body: bytes, headers: dict[str, str]) -> Outcome:
    """One request. Never raises for what the receiver does."""
    try:
        address = public_address(url)
        status = _request(url, address, body, headers)
    except (OSError, http.client.HTTPException, ValueError) as error:  # ssl.SSLError and timeouts are OSErrors
        return Outcome(None, str(error) or type(error).__name__)
    return Outcome(status, "" if 200 <= status < 300 else f"The receiver answered with status {status}.")


def public_address(url: str) -> str:
    """The IP address to connect to. Raises OSError if there is none, or any is not allowed.

    The connection goes to this address, not to the name: a second look-up could give another one.
    """
    parts = urlsplit(url)
    found = socket.getaddrinfo(parts.hostname, _port(url), type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not all(webhooks.is_allowed(ipaddress.ip_address(address)) for address in addresses):
        raise OSError("The address is not public.")
    return addresses[0]


def _request(url: str, address: str, body: bytes, headers: dict[str, str]) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", _port(url), timeout=TIMEOUT_SECONDS)
    connection.sock = socket.create_connection((address, _port(url)), timeout=TIMEOUT_SECONDS)
    deadline = threading.Timer(DEADLINE_SECONDS, lambda: connection.sock and connection.sock.shutdown(socket.SHUT_RDWR))
    deadline.start()
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(connection.sock, server_hostname=parts.hostname)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, headers)
        return connection.getresponse().status
    finally:
        deadline.cancel()
        connection.close()


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)
