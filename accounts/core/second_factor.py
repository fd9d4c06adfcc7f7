"""The second factor of an account: a code from an app or a passkey, and who must have one."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings

from accounts.models import User

KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""What counts as a second factor; recovery codes only replace a lost one."""


def is_set_up(user: User) -> bool:
    """Whether signing in takes more than the password."""
    return bool(Authenticator.objects.filter(user=user, type__in=KINDS).exists())


def is_missing(user: User) -> bool:
    """Whether this is staff that must set up a second factor before its rights count."""
    return bool(settings.STAFF_SECOND_FACTOR and user.is_staff and not is_set_up(user))
