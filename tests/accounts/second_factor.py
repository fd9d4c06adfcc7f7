"""An account with a second factor, and the codes of its app."""

from __future__ import annotations

import time

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.test import Client

from accounts.models import User
from tests.accounts.soft_passkey import SoftPasskey
from tests.conftest import PASSWORD

COUNTER = 59_000_000
"""The half minute in which these tests take place."""
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_of(secret: str = SECRET) -> str:
    """What the app shows now."""
    return str(auth.format_hotp_value(auth.hotp_value(secret, COUNTER)))


def current_code(secret: str) -> str:
    """What the app shows at this moment, for a site that runs by itself."""
    return str(auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30)))


def wrong_code() -> str:
    """Six other digits."""
    return "000000" if code_of() != "000000" else "111111"


def with_app(user: User) -> list[str]:
    """Give `user` an app with SECRET; returns the recovery codes."""
    auth.TOTP.activate(user, SECRET)
    return list(RecoveryCodes.activate(user).get_unused_codes())


def with_passkey(user: User) -> SoftPasskey:
    """Give `user` a passkey."""
    passkey = SoftPasskey(user)
    WebAuthn.add(user, "Passkey", passkey.registration())
    return passkey


def signed_in_by_form(user: User, code: str = "") -> Client:
    """A browser that went through the sign-in page, as far as it leads without or with a code."""
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    if code:
        client.post("/accounts/two-factor/authenticate/", {"code": code})
    return client


def confirmed(user: User, code: str = "") -> Client:
    """A browser that has just confirmed the password."""
    client = signed_in_by_form(user, code)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client
