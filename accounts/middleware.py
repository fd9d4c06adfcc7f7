"""Middleware for signed-in browsers."""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse

from reconsite.core.busy import write_if_free

LAST_SEEN_PRECISION_SECONDS = 300
"""A browser's last visit is recorded at most this often, so that not every request writes a row."""

_RECORDED_AT = "session_noted_at"


def track_session(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Record that this browser was used, for the page on which its owner can sign it out."""

    def middleware(request: HttpRequest) -> HttpResponse:
        due = request.session.session_key and request.user.is_authenticated and _is_due(request)
        if due and write_if_free(lambda: UserSession.objects.create_from_request(request)):
            request.session[_RECORDED_AT] = int(time.time())
        return get_response(request)

    return middleware


def _is_due(request: HttpRequest) -> bool:
    return bool(time.time() - request.session.get(_RECORDED_AT, 0) >= LAST_SEEN_PRECISION_SECONDS)
