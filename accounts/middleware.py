"""Middleware for signed-in browsers: when they were used, and the second factor of staff."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.core import proved_sessions, second_factor
from accounts.models import User
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


def require_second_factor(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """With STAFF_SECOND_FACTOR, the admin opens only in a session that has proved a second factor."""

    def middleware(request: HttpRequest) -> HttpResponse:
        is_admin = settings.STAFF_SECOND_FACTOR and request.path.startswith(reverse("admin:index"))
        page = _page_before_admin(request) if is_admin else ""
        return redirect(page) if page else get_response(request)

    return middleware


def _page_before_admin(request: HttpRequest) -> str:
    """Where staff sets a second factor up, or confirms it; empty for everybody else, whom the admin itself refuses."""
    user = request.user
    if not isinstance(user, User) or not user.is_staff or proved_sessions.is_proved(request, user):
        return ""
    if not second_factor.is_set_up(user):
        messages.warning(request, "Set up two-factor authentication to open the admin.")
        return reverse("mfa_index")
    has_app = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
    page = reverse("mfa_reauthenticate" if has_app else "mfa_reauthenticate_webauthn")
    return f"{page}?{urlencode({'next': request.get_full_path()})}"
