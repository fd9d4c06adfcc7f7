"""Responses to an address that does not exist, and to an exception that no view handles."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults

from reconsite.core.busy import RETRY_SECONDS, UNAVAILABLE
from reconsite.core.errors import MESSAGES
from reconsite.middleware import is_api, problem_response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page for people, a problem for programs."""
    if is_api(request):
        return problem_response(404, "not_found", "There is no such address.")
    return defaults.page_not_found(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page for people, a problem for programs."""
    if is_api(request):
        return problem_response(403, "permission_denied", "You do not have permission to do this.")
    return defaults.permission_denied(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """503 “busy, trying again” while the database is unavailable, else 500."""
    if not isinstance(sys.exc_info()[1], UNAVAILABLE):
        return _internal_error(request)
    response = _busy(request)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _internal_error(request: HttpRequest) -> HttpResponse:
    if is_api(request):
        return problem_response(500, "error", "Something went wrong on the server.")
    return defaults.server_error(request)


def _busy(request: HttpRequest) -> HttpResponse:
    if is_api(request):
        return problem_response(503, "busy", MESSAGES["busy"])
    context = {"retry_seconds": RETRY_SECONDS if request.method in ("GET", "HEAD") else 0}
    return render(None, "503.html", context, status=503)
