"""Webhooks: what is sent to the addresses that a person has named, and when it is tried again."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.models import Job, State, Webhook, WebhookDelivery
from reconsite.core.errors import Rejected

EVENTS = tuple(f"job.{state}" for state in State.values)
TEST_EVENT = "test"
MAX_WEBHOOKS = 10
"""Webhooks of one person: each costs a request per event."""
BACKOFF_SECONDS = (10, 60, 300, 1800, 7200, 18_000, 28_800, 30_000)
"""Waits between attempts; they add up to 24 hours, after which the delivery is given up."""
KEPT_DAYS = 30
"""How long deliveries are listed."""


def create(owner: User, url: str, events: Sequence[str] = ()) -> Webhook:
    """A new webhook. Raises Rejected: `webhook_address`, `too_many_webhooks`."""
    check_url(url)
    if owner.webhooks.count() >= MAX_WEBHOOKS:
        raise Rejected("too_many_webhooks")
    return Webhook.objects.create(owner=owner, url=url, events=list(dict.fromkeys(events)))


def check_url(url: str) -> None:
    """Raises Rejected(`webhook_address`) unless it is http or https, without a password, to no private address.

    A host name is looked up when something is sent: what it stands for can change.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise Rejected("webhook_address")
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return
    if not is_allowed(address):
        raise Rejected("webhook_address")


def is_allowed(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """A public address, or one of WEBHOOK_NETWORKS: nobody reaches the server's own network through a webhook."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None,))[0]
        if inner is not None:
            return is_allowed(inner)
    networks = [ipaddress.ip_network(network) for network in settings.WEBHOOK_NETWORKS]
    if any(address.version == network.version and address in network for network in networks):
        return True
    return address.is_global and not address.is_multicast


def enqueue(job_id: UUID) -> None:
    """One delivery for each webhook of the owner that wants the new state; in the transaction of the change."""
    hooks = Webhook.objects.filter(owner__jobs=job_id, is_active=True)
    if not hooks:
        return
    job = Job.objects.get(pk=job_id)
    event = f"job.{job.state}"
    wanted = [hook for hook in hooks if not hook.events or event in hook.events]
    WebhookDelivery.objects.bulk_create(_delivery(hook, event, {"job": _job(job)}) for hook in wanted)


def send_test(hook: Webhook) -> WebhookDelivery:
    """Enqueue an event `test`."""
    delivery = _delivery(hook, TEST_EVENT, {"message": "This webhook works."})
    delivery.save()
    return delivery


def redeliver(delivery: WebhookDelivery) -> WebhookDelivery:
    """Enqueue the same event again, with the same id, so that the receiver can tell."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        attempts=0, next_attempt_at=timezone.now(), delivered_at=None, status=None, error=""
    )
    delivery.refresh_from_db()
    return delivery


def delete_old() -> int:
    """Delete the deliveries that are no longer listed; returns how many."""
    limit = timezone.now() - timedelta(days=KEPT_DAYS)
    return WebhookDelivery.objects.filter(created_at__lt=limit).delete()[0]


def encoded(delivery: WebhookDelivery) -> bytes:
    """The body that is sent and signed: the same bytes with every attempt."""
    head = {"id": str(delivery.pk), "event": delivery.event, "created_at": delivery.created_at.isoformat()}
    return json.dumps({**head, "data": delivery.body}, separators=(",", ":"), sort_keys=True).encode()


def _delivery(hook: Webhook, event: str, body: dict[str, Any]) -> WebhookDelivery:
    return WebhookDelivery(webhook=hook, event=event, body=body)


def _job(job: Job) -> dict[str, Any]:
    failure = {"code": job.failure_code, "message": job.failure_message} if job.failure_code else None
    return {
        "id": str(job.pk),
        "title": job.title,
        "state": job.state,
        "seq": job.seq,
        "attempt": job.attempt,
        "failure": failure,
        "url": f"{settings.SITE_URL}{reverse('api:job-detail', args=[job.pk])}",
    }
