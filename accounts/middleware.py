"""What every request of a signed-in browser passes."""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse

NOTED_SECONDS = 300
"""How exactly the page of sessions knows when a browser was last here: a row is not written on every request."""

_NOTED = "session_noted_at"


def session_seen(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Note that this browser was here, for the page on which its owner can sign it out."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated and _is_due(request):
            UserSession.objects.create_from_request(request)
            request.session[_NOTED] = int(time.time())
        return get_response(request)

    return middleware


def _is_due(request: HttpRequest) -> bool:
    return bool(time.time() - request.session.get(_NOTED, 0) >= NOTED_SECONDS)
