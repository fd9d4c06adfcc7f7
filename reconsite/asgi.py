"""What daphne starts: the application, unless the settings are unsafe or the Redis database is another site's."""

from __future__ import annotations

from reconsite.application import application

# isort: split
from jobs.core import redis_owner  # needs the apps, which the application loads
from reconsite.core.checks import refuse_unsafe_settings

__all__ = ["application"]

refuse_unsafe_settings()
if problem := redis_owner.problem():
    raise SystemExit(problem)
