"""The cache: Redis, and this process's own memory while Redis is away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

ASK_AGAIN_SECONDS = 5.0
"""A Redis that did not answer is left alone for so long: one page asks a dozen times, and each wait would add up."""


class _Outage:
    """Whether Redis was away a moment ago; shared by all threads of this process."""

    def __init__(self) -> None:
        self._ask_again_at = 0.0

    def lasts(self) -> bool:
        """True while Redis should not be asked."""
        return time.monotonic() < self._ask_again_at

    def begin(self, error: RedisError) -> None:
        """Redis just failed with `error`."""
        logger.warning("The cache does without Redis for %g s: %s", ASK_AGAIN_SECONDS, error)
        self._ask_again_at = time.monotonic() + ASK_AGAIN_SECONDS

    def end(self) -> None:
        """Ask Redis again at once."""
        self._ask_again_at = 0.0


outage = _Outage()


def _sturdy(name: str) -> Callable[..., Any]:
    """The method `name` of Redis' cache, or of this process's memory when Redis does not answer."""

    def method(self: SturdyRedisCache, *args: Any, **named: Any) -> Any:
        if not outage.lasts():
            try:
                return getattr(super(SturdyRedisCache, self), name)(*args, **named)
            except RedisError as error:
                outage.begin(error)
        return getattr(self.memory, name)(*args, **named)

    return method


class SturdyRedisCache(RedisCache):
    """Keeps the counters of limits: without Redis each process counts for itself, and nobody is locked out."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.memory = LocMemCache("while-redis-is-away", params)

    add = _sturdy("add")
    get = _sturdy("get")
    set = _sturdy("set")
    touch = _sturdy("touch")
    delete = _sturdy("delete")
    has_key = _sturdy("has_key")
    incr = _sturdy("incr")
    get_many = _sturdy("get_many")
    set_many = _sturdy("set_many")
    delete_many = _sturdy("delete_many")
