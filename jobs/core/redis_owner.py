"""Which site a Redis database belongs to: two sites on one would take each other's queue entries, and lose them."""

from __future__ import annotations

import hashlib
import logging

import django_rq
from django.conf import settings
from django.db import DatabaseError, connections
from django.db.migrations.recorder import MigrationRecorder
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

KEY = "reconsite:database"
MESSAGE = (
    "This Redis database is used by another site, whose workers would take this site's jobs. "
    "Give REDIS_URL another database number. If the other site is gone, wait a minute."
)


def fingerprint() -> str:
    """The same for all processes on one database: when its first migration ran, to the microsecond."""
    first = MigrationRecorder.Migration.objects.order_by("pk").values_list("applied", flat=True).first()
    return hashlib.sha256(str(first and first.timestamp()).encode()).hexdigest()


def is_anothers() -> bool:
    """Whether the Redis database belongs to another site. Raises RedisError, DatabaseError."""
    return django_rq.get_connection(settings.JOB_QUEUE).get(KEY) not in (fingerprint().encode(), None)


def problem(*, keep: bool = False) -> str | None:
    """What to do if the database belongs to another site; None where it does not, or where that cannot be found out.

    With `keep` it is kept for this site, as a worker does.
    """
    try:
        is_ours = claim() if keep else not is_anothers()
        return None if is_ours else MESSAGE
    except (RedisError, DatabaseError) as error:
        logger.warning("Whose the Redis database is was not checked: %s", error)
        return None
    finally:
        connections.close_all()


def claim() -> bool:
    """Keep the Redis database for this site, until no worker has done so for WORKER_SEEN_SECONDS.

    False if another site has it. Raises RedisError, DatabaseError.
    """
    redis, mine = django_rq.get_connection(settings.JOB_QUEUE), fingerprint()
    if redis.set(KEY, mine, nx=True, ex=settings.WORKER_SEEN_SECONDS):
        return True
    if is_anothers():
        return False
    redis.expire(KEY, settings.WORKER_SEEN_SECONDS)
    return True
