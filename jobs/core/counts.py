"""How many rows a list has. Counting a hundred thousand takes longer than showing a page of them."""

from __future__ import annotations

import time
from typing import Any, cast

from django.core.exceptions import EmptyResultSet
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

MANY = 10_000
"""From here on a process remembers the number: nobody sees whether it is right to the last one. Below it is exact."""
CACHE_SECONDS = 60.0
MAX_REMEMBERED = 1000
"""Lists with different filters."""

_cached: dict[tuple[Any, ...], tuple[float, int]] = {}


def count(rows: QuerySet[Any]) -> int:
    """The number of rows; from MANY on it may be CACHE_SECONDS old."""
    try:
        sql, parameters = rows.order_by().query.sql_with_params()
    except EmptyResultSet:
        return 0
    key = (rows.db, sql, str(parameters))
    expires_at, known = _cached.get(key, (0.0, 0))
    if time.monotonic() < expires_at:
        return known
    number = rows.count()
    if number >= MANY:
        _remember(key, number)
    return number


class CountedPaginator(Paginator[Any]):
    """A paginator that counts with `count`."""

    @cached_property
    def count(self) -> int:
        """The number of rows."""
        return count(cast(QuerySet[Any], self.object_list))


def _remember(key: tuple[Any, ...], number: int) -> None:
    now = time.monotonic()
    if len(_cached) >= MAX_REMEMBERED:
        _cached.clear()
    _cached[key] = (now + CACHE_SECONDS, number)


def forget() -> None:
    """Count again with the next request."""
    _cached.clear()
