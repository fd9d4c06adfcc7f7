"""The forms of allauth in the words and the spelling of the rest of the site."""

from __future__ import annotations

from typing import Any

from allauth.account import forms
from django.forms import Form

WORDS = {
    "Email": "E-mail",
    "Password (again)": "Password again",
    "Current Password": "Current password",
    "New Password": "New password",
    "New Password (again)": "New password again",
}
"""allauth's labels, and ours."""


class InOurWords(Form):
    """A form whose labels are said as everywhere else."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        for field in self.fields.values():
            field.label = WORDS.get(str(field.label), field.label)


class SignInForm(InOurWords, forms.LoginForm):  # type: ignore[misc]
    """E-mail address and password."""


class SignUpForm(InOurWords, forms.SignupForm):  # type: ignore[misc]
    """A new account."""


class AddAddressForm(InOurWords, forms.AddEmailForm):  # type: ignore[misc]
    """One more e-mail address."""


class ChangePasswordForm(InOurWords, forms.ChangePasswordForm):  # type: ignore[misc]
    """A new password, by somebody who knows the old one."""


class ForgottenPasswordForm(InOurWords, forms.ResetPasswordForm):  # type: ignore[misc]
    """Where to send the link."""


class NewPasswordForm(InOurWords, forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password, by somebody who has followed the link."""
