"""The forms of the second factor with our labels, for which no odd credential is an error of the server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.exceptions import InvalidSignature
from django import forms

MAX_CREDENTIAL_LENGTH = 20_000
"""Characters of a credential as JSON: with an attestation, a few thousand."""
MAX_NAME_LENGTH = 100
_ODD = (InvalidSignature, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What allauth and fido2 raise for a credential that is none."""


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """A code from the app, or a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        help_text="From your authenticator app, or one of your recovery codes.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )


class ConfirmCodeForm(ReauthenticateForm):  # type: ignore[misc]
    """The same, before a change that matters."""

    code = CodeForm.base_fields["code"]


class ActivateAppForm(ActivateTOTPForm):  # type: ignore[misc]
    """The first code of a new app."""

    code = forms.CharField(
        label="Code from the app",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class CredentialField(forms.JSONField):
    """What the browser's script fills in."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        """An object. Raises ValidationError."""
        if not isinstance(value, str) or len(value) > MAX_CREDENTIAL_LENGTH:
            raise get_adapter().validation_error("incorrect_code")
        try:
            credential = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise get_adapter().validation_error("incorrect_code") from error
        if not isinstance(credential, dict):
            raise get_adapter().validation_error("incorrect_code")
        return credential

    def bound_data(self, data: Any, initial: Any) -> str:
        """A rejected credential is not sent back."""
        return ""

    def prepare_value(self, value: Any) -> str:
        """An empty field, for the script to fill in."""
        return ""


def _checked(check: Callable[[], Any]) -> Any:
    """The result of a check of allauth. Raises ValidationError, whatever is wrong with the credential."""
    try:
        return check()
    except forms.ValidationError:
        raise
    except _ODD as error:
        raise get_adapter().validation_error("incorrect_code") from error


class PasskeyForm(AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey instead of a code."""

    credential = CredentialField()

    def clean_credential(self) -> Any:
        """The passkey. Raises ValidationError."""
        return _checked(super().clean_credential)


class ConfirmPasskeyForm(ReauthenticateWebAuthnForm, PasskeyForm):  # type: ignore[misc]
    """The same, before a change that matters."""

    credential = CredentialField()


class PasskeySignInForm(LoginWebAuthnForm, PasskeyForm):  # type: ignore[misc]
    """A passkey instead of email and password."""

    credential = CredentialField()


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey: with a PIN or a fingerprint it replaces the password, too."""

    name = forms.CharField(label="Name", required=False, max_length=MAX_NAME_LENGTH, help_text="To tell it apart.")
    credential = CredentialField()
    passwordless = forms.BooleanField(label="Sign in with it alone, without a password", required=False, initial=True)

    def clean(self) -> Any:
        """The values. Raises ValidationError."""
        return _checked(super().clean)


class RenamePasskeyForm(EditWebAuthnForm):  # type: ignore[misc]
    """Another name."""

    name = forms.CharField(label="Name", max_length=MAX_NAME_LENGTH)
