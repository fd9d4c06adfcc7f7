"""No list and no detail of the API needs more database queries for fifty rows than for one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.core.identity import Identity
from accounts.models import ApiToken, User
from jobs.api.events import PROGRESS_FIELDS
from jobs.core import collections, estimates, sharing, tagging
from jobs.live.event_stream import EventStream
from jobs.models import Collection, Job, Photo, Webhook, WebhookDelivery
from ml import files
from tests.jobs.models import add_file, create_models

pytestmark = pytest.mark.django_db

QUERIES = {
    "jobs/?page_size=100": 12,
    "jobs/?page_size=100&page=1": 13,
    "jobs/?page_size=100&state=queued": 12,
    "jobs/{job}/": 10,
    "jobs/{job}/files/": 6,
    "bin/?page_size=100": 6,
    "explore/?page_size=100": 8,
    "explore/{job}/": 8,
    "explore/{job}/files/": 6,
    "collections/?page_size=100": 6,
    "collections/{collection}/": 6,
    "webhooks/?page_size=100": 6,
    "webhooks/{webhook}/": 5,
    "webhooks/{webhook}/deliveries/?page_size=100": 7,
    "account/": 9,
    "account/tokens/": 5,
}
"""By path: those of the request, its token included."""


@pytest.fixture(autouse=True)
def nothing_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a kept estimate would be read again, or the last use of the token written, in between."""
    monkeypatch.setattr("jobs.core.estimates.CACHE_SECONDS", 3600.0)
    monkeypatch.setattr("accounts.core.tokens.LAST_USE_PRECISION_SECONDS", 3600)


def fill(owner: User, rows: int) -> dict[str, Any]:
    """So many of everything; the first job has so many files, and the first webhook so many deliveries."""
    create_models(owner, rows)  # finished, and published below
    create_models(owner, rows, deleted_at=timezone.now(), purge_at=timezone.now() + timedelta(days=1))
    models = list(Job.objects.filter(deleted_at=None))
    for job in models:
        add_file(job, files.POSTER, b"poster")
        tagging.set_tags(job, ["red", "lamp"])
        Photo.objects.create(job=job, size=1, width=1, height=1)
        sharing.share(job)
        sharing.publish(job)
    for index in range(rows - 1):
        add_file(models[0], f"render_{index:03}.png", b"frame")
    for index in range(rows):
        collections.add(
            collections.create(owner, f"Collection {index}"), models if index == 0 else models[:1], follows=True
        )
        Webhook.objects.create(owner=owner, url="https://example.org/")
        ApiToken.objects.create(user=owner)
        Job.objects.create(owner=owner, title=f"Queued {index}")
    hook = Webhook.objects.order_by("-created_at").first()
    assert hook is not None
    WebhookDelivery.objects.bulk_create(WebhookDelivery(webhook=hook, event="test", body={}) for _ in range(rows))
    collection = Collection.objects.order_by("created_at").first()
    assert collection is not None
    return {"job": models[0].pk, "collection": collection.pk, "webhook": hook.pk}


def counted(client: Client, path: str) -> int:
    client.get(path)  # what is kept for a while
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200, path
    return len(captured)


def empty() -> None:
    Job.objects.all().delete()
    Collection.objects.all().delete()
    Webhook.objects.all().delete()
    ApiToken.objects.all().delete()


def test_fifty_rows_need_as_many_queries_as_one(owner: User) -> None:
    """Against the declared counts, so that a change of either is seen in review."""
    found: dict[str, list[int]] = {path: [] for path in QUERIES}
    for rows in (1, 50):
        empty()
        values = fill(owner, rows)
        client = Client(headers={"authorization": f"Bearer {ApiToken.objects.create(user=owner)[1]}"})
        for path, counts in found.items():
            counts.append(counted(client, f"/api/v1/{path.format(**values)}"))
    assert found == {path: [count, count] for path, count in QUERIES.items()}


def test_a_stream_of_fifty_jobs_needs_as_many_queries_as_one(owner: User) -> None:
    token = ApiToken.objects.create(user=owner)[0]
    counts = []
    for jobs in (1, 49):
        for index in range(jobs):
            Job.objects.create(owner=owner, title=f"Queued {index}")
        stream = EventStream(Identity(owner.pk, token_digest=token.digest), "", None, None, PROGRESS_FIELDS)
        estimates.estimate_for(Job.objects.all()[0])  # is kept for a while
        with CaptureQueriesContext(connection) as captured:
            frames = stream._read()
        assert len([frame for frame in frames if frame.startswith(b"event: job")]) in (1, 50)
        counts.append(len(captured))
    assert counts == [10, 10]
