"""Sessions that have proved a second factor."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from accounts.core import sessions, tokens
from accounts.core.second_factor import KINDS
from accounts.models import User


def is_proved(request: HttpRequest, user: User) -> bool:
    """Whether this session was opened or confirmed with a second factor."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, user))


def factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Receiver: this session has just proved the factor; others were opened without the first one, so they end.

    So do the API tokens of staff, which are as good as their rights.
    """
    if authenticator.type not in KINDS:
        return
    record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
    if Authenticator.objects.filter(user=user, type__in=KINDS).count() == 1:
        sessions.sign_out_all(user, keep=request.session)
        if user.is_staff:
            tokens.revoke_all_of(user)
