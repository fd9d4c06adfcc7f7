"""How the second factor of allauth behaves on this site."""

from __future__ import annotations

import base64
from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.crypto import salted_hmac

WRONG_CODE = "Wrong code. Enter a current code from your authenticator app, or a recovery code that you haven't used."
SECRET_LOST = "This server can no longer read your second factor. Ask the operator to reset it."


def _cipher() -> MultiFernet:
    """Encrypts with a key derived from SECRET_KEY, and decrypts what its predecessors have encrypted, too."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [salted_hmac("second factor", "", secret=secret, algorithm="sha256").digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets are stored encrypted, and passkeys belong to the host of SITE_URL, not of the request."""

    error_messages: ClassVar = {
        **DefaultMFAAdapter.error_messages,
        "add_email_blocked": "Turn off two-factor authentication before you add an email address.",
        "incorrect_code": WRONG_CODE,
        "unverified_email": "Verify your email address first.",
        "secret_lost": SECRET_LOST,
    }

    def encrypt(self, text: str) -> str:
        """The text as it is stored."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The stored text. Raises ValidationError if SECRET_KEY was replaced without a fallback."""
        try:
            return _cipher().decrypt(encrypted_text.encode()).decode()
        except InvalidToken as error:
            raise self.validation_error("secret_lost") from error

    def get_totp_issuer(self) -> str:
        """What an authenticator app shows above the code."""
        return f"Reconsite ({_host()})"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The host that a passkey belongs to."""
        return {"id": _host(), "name": "Reconsite"}

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Any) -> str:
        """A name for the next passkey."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return f"Passkey {number + 1}" if number else "Passkey"


def _host() -> str:
    return urlsplit(settings.SITE_URL).hostname or ""
