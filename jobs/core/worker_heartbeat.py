"""Which workers are running: each updates a row, so that a page can say plainly when there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from jobs.models import WorkerHeartbeat

KEPT_HOURS = 1
"""How long staff still see a worker that stopped without removing its row."""


def record(name: str, memory_bytes: int = 0, engines: Sequence[str] = ()) -> None:
    """The worker `name` is running now."""
    seen = {"seen_at": timezone.now(), "memory_bytes": memory_bytes, "engines": ",".join(engines)}
    WorkerHeartbeat.objects.update_or_create(name=name, defaults=seen)


def remove(name: str) -> None:
    """The worker `name` has shut down cleanly."""
    WorkerHeartbeat.objects.filter(name=name).delete()


def worker_online() -> bool:
    """True when some worker was seen within WORKER_SEEN_SECONDS."""
    return online_count() > 0


def online_count() -> int:
    """How many workers were seen within WORKER_SEEN_SECONDS."""
    since = timezone.now() - timedelta(seconds=settings.WORKER_SEEN_SECONDS)
    return WorkerHeartbeat.objects.filter(seen_at__gte=since).count()


def delete_old() -> int:
    """Delete the rows of workers that were last seen more than KEPT_HOURS ago; returns how many."""
    limit = timezone.now() - timedelta(hours=KEPT_HOURS)
    return WorkerHeartbeat.objects.filter(seen_at__lt=limit).delete()[0]
