"""The cache: Redis, with this process's own memory as the fallback while Redis is unavailable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from reconsite.core.outage import outage


def _with_fallback(name: str) -> Callable[..., Any]:
    """The method `name` of the Redis cache, or of this process's memory while Redis is unavailable."""

    def method(self: FallbackRedisCache, *args: Any, **named: Any) -> Any:
        if not outage.is_active():
            try:
                return getattr(super(FallbackRedisCache, self), name)(*args, **named)
            except RedisError as error:
                outage.begin(error)
        return getattr(self.memory, name)(*args, **named)

    return method


class FallbackRedisCache(RedisCache):
    """Keeps the counters of rate limits: without Redis each process counts for itself, and nobody is locked out."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.memory = LocMemCache("redis-fallback", params)

    add = _with_fallback("add")
    get = _with_fallback("get")
    set = _with_fallback("set")
    touch = _with_fallback("touch")
    delete = _with_fallback("delete")
    has_key = _with_fallback("has_key")
    incr = _with_fallback("incr")
    get_many = _with_fallback("get_many")
    set_many = _with_fallback("set_many")
    delete_many = _with_fallback("delete_many")
