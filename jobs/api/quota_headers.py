"""Responses of what needs storage or a place among the active jobs say how much of both is left."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from jobs.api.base import ApiView
from jobs.core import quota
from jobs.models import Job

NAMES = ("Quota-Storage-Limit", "Quota-Storage-Remaining", "Quota-Jobs-Limit", "Quota-Jobs-Remaining")
"""Bytes of storage, and jobs that may be queued or running at once. Without a limit of storage only the latter."""


class QuotaHeaders(ApiView):
    """Adds the headers to the responses of `quota_actions`, also to rejections."""

    quota_actions: tuple[str, ...] = ()

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """The figures are those after the request."""
        user = request.user if response.status_code < 500 else None
        if isinstance(user, User) and getattr(self, "action", "") in self.quota_actions:
            self.headers |= headers_of(user)
        return super().finalize_response(request, response, *args, **kwargs)


def headers_of(user: User) -> dict[str, str]:
    """What is left to a person, by the names of NAMES."""
    used, active = quota.usage(user), Job.objects.active().filter(owner=user, deleted_at=None).count()
    jobs = (settings.MAX_ACTIVE_JOBS, settings.MAX_ACTIVE_JOBS - active)
    storage = (used.limit_bytes, used.limit_bytes - used.bytes)
    figures = [*storage, *jobs] if used.limit_bytes else jobs
    return {name: str(max(figure, 0)) for name, figure in zip(NAMES[-len(figures) :], figures, strict=True)}
