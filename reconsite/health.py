"""The two endpoints of a supervisor: is the process alive, and can it serve?"""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from jobs.core import worker_heartbeat
from jobs.core.health import database_available, migrations_applied, redis_available, storage_available


@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    """200 as long as the process responds."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when database, storage, Redis and a worker are there; else 503 with what is missing."""
    database = database_available()
    checks = {
        "database": database,
        "migrations": database and migrations_applied(),
        "storage": storage_available(),
        "redis": redis_available(),
        "worker": database and worker_heartbeat.worker_online(),
    }
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)
