"""The user of a request, typed."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.models import User


def current_user(request: HttpRequest) -> User:
    """The signed-in user, in a view behind `login_required`."""
    assert isinstance(request.user, User)
    return request.user
