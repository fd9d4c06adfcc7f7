"""How allauth behaves on this site."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up can be closed by the setting OPEN_SIGN_UP."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """True while new people may sign up."""
        return bool(settings.OPEN_SIGN_UP)
