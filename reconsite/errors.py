"""The page for an exception that no view handles."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults

from reconsite.core.busy import RETRY_SECONDS, UNAVAILABLE


def server_error(request: HttpRequest) -> HttpResponse:
    """503 “busy, trying again” while the database is unavailable, else Django's 500."""
    if not isinstance(sys.exc_info()[1], UNAVAILABLE):
        return defaults.server_error(request)
    context = {"retry_seconds": RETRY_SECONDS if request.method in ("GET", "HEAD") else 0}
    response = render(None, "503.html", context, status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response
