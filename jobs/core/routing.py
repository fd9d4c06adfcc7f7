"""Which queue a job waits in, and which queues a worker listens on: by what the engine needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from jobs.core import estimates
from jobs.models import WorkerHeartbeat
from ml.engine_registry import AUTO, ENGINES, installed_engines

REMIX, CPU, GPU = settings.EVERY_WORKER_QUEUE, settings.JOB_QUEUE, "gpu"
QUEUES = (REMIX, CPU, GPU)


def queue_of(recipe: Mapping[str, Any], *, remix: bool) -> str:
    """Remixes need no engine. `auto` goes to the best engine of the workers that are online."""
    if remix:
        return REMIX
    name = str(recipe.get("engine", AUTO))
    return engine_queue(best(online_engines() or installed_engines(settings.MODELS_DIR)) if name == AUTO else name)


def engine_queue(engine: str) -> str:
    """The queue of an engine's jobs; CPU for one that this version does not know."""
    return GPU if engine in ENGINES and ENGINES[engine].is_heavy else CPU


def best(engines: Iterable[str]) -> str:
    """The engine that `auto` takes of these."""
    return max(engines, key=lambda name: ENGINES[name].auto_rank if name in ENGINES else -1, default="")


def online_engines() -> set[str]:
    """What the workers that are online can run."""
    return {name for engines in engines_of_workers() for name in engines}


def engines_of_workers() -> list[list[str]]:
    """For each worker that is online, the engines that it can run."""
    since = timezone.now() - timedelta(seconds=settings.WORKER_SEEN_SECONDS)
    rows = WorkerHeartbeat.objects.filter(seen_at__gte=since).values_list("engines", flat=True)
    return [[name for name in engines.split(",") if name] for engines in rows]


def worker_engines() -> list[str]:
    """What a worker with these settings runs: WORKER_ENGINES, else all that are installed."""
    return list(settings.WORKER_ENGINES) or installed_engines(settings.MODELS_DIR)


def worker_queues(engines: Iterable[str]) -> list[str]:
    """Remixes, and the queues of these engines."""
    needed = {REMIX, *(engine_queue(name) for name in engines)}
    return [name for name in QUEUES if name in needed]


def route(recipe: Mapping[str, Any], *, remix: bool) -> dict[str, Any]:
    """The fields of the row by which a worker finds and compares a waiting job."""
    quality = str(recipe.get("quality", "standard"))
    seconds = estimates.seconds_for(quality, str(recipe.get("engine", AUTO)), remix=remix)
    return {"queue": queue_of(recipe, remix=remix), "expected_seconds": seconds}
