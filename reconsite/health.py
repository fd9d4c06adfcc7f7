"""Two questions of a supervisor: does the process live, and can it serve?"""

from __future__ import annotations

import django_rq
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from jobs import presence


def alive(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when database, Redis and a worker are there; else 503 with what is missing."""
    database = database_answers()
    checks = {
        "database": database,
        "redis": redis_answers(),
        "worker": database and presence.worker_online(),
    }
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)


def database_answers() -> bool:
    """True when the database runs a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def redis_answers() -> bool:
    """True when Redis answers a ping."""
    try:
        return bool(django_rq.get_connection(settings.JOB_QUEUE).ping())
    except RedisError:
        return False
