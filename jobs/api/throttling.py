"""Rate limits of the API; each response of a limited action says what is left (IETF draft `ratelimit-headers`)."""

from __future__ import annotations

from math import ceil
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import ScopedRateThrottle, UserRateThrottle
from rest_framework.views import APIView


class ScopedLimit(ScopedRateThrottle):
    """The limit of the view's `throttle_scope`."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request, and add the headers to the response whether it is allowed or not."""
        allowed = super().allow_request(request, view)
        if hasattr(self, "history"):
            view.headers |= _headers(self)
        return allowed


class UserLimit(UserRateThrottle):
    """The limit of a subclass's `scope`, per user."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request, and add the headers to the response whether it is allowed or not."""
        allowed = super().allow_request(request, view)
        if hasattr(self, "history"):
            view.headers |= _headers(self)
        return allowed


def _headers(throttle: Any) -> dict[str, str]:
    """Requests per window, how many are left, and the seconds until the oldest one no longer counts."""
    limit, window = throttle.num_requests, throttle.duration
    age = throttle.now - throttle.history[-1] if throttle.history else 0.0
    return {
        "RateLimit-Policy": f"{limit};w={window}",
        "RateLimit-Limit": str(limit),
        "RateLimit-Remaining": str(max(limit - len(throttle.history), 0)),
        "RateLimit-Reset": str(max(ceil(window - age), 0)),
    }
