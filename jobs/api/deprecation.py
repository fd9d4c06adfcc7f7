"""How an operation of the API is announced to end: `@deprecated` on the method of its view, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import Any

from django.utils.http import http_date
from drf_spectacular.utils import extend_schema

MIN_NOTICE = timedelta(days=183)
"""Half a year between the announcement and the end, as docs/api.md promises."""


def deprecated(*, since: date, sunset: date, successor: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """For a method of a view, below its other decorators: headers on each response, and `deprecated` in the schema.

    `successor` is the address of what to use instead. Raises ValueError if the notice is too short.
    """
    headers = _headers(since, sunset, successor)

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def announced(view: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            view.headers |= headers
            return method(view, request, *args, **kwargs)

        described: Callable[..., Any] = extend_schema(deprecated=True)(announced)
        return described

    return decorate


def _headers(since: date, sunset: date, successor: str) -> dict[str, str]:
    """`Deprecation` (RFC 9745), `Sunset` (RFC 8594) and a link to what to use instead."""
    if sunset - since < MIN_NOTICE:
        raise ValueError(f"Between {since} and {sunset} are fewer than {MIN_NOTICE.days} days.")
    headers = {"Deprecation": f"@{_seconds(since)}", "Sunset": http_date(_seconds(sunset))}
    return headers | ({"Link": f'<{successor}>; rel="successor-version"'} if successor else {})


def _seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
