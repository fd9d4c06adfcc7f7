"""Which workers are there: they sign a row, so that a page can say plainly when none listens."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from jobs.models import WorkerBeat


def beat(name: str) -> None:
    """The worker `name` lives."""
    WorkerBeat.objects.update_or_create(name=name, defaults={"seen_at": timezone.now()})


def leave(name: str) -> None:
    """The worker `name` has ended in order."""
    WorkerBeat.objects.filter(name=name).delete()


def worker_online() -> bool:
    """True when some worker was seen within WORKER_SEEN_SECONDS."""
    since = timezone.now() - timedelta(seconds=settings.WORKER_SEEN_SECONDS)
    return WorkerBeat.objects.filter(seen_at__gte=since).exists()


def forget_lost() -> int:
    """Drop the rows of workers that have not been seen for an hour; returns how many."""
    return WorkerBeat.objects.filter(seen_at__lt=timezone.now() - timedelta(hours=1)).delete()[0]
