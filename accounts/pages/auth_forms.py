"""The forms of allauth with the labels of the rest of the site."""

from __future__ import annotations

from typing import Any

from allauth.account import forms
from allauth.core import context, ratelimit
from django.forms import Form, ValidationError

TOO_MANY_TAKEN = "Too many sign-ups with addresses that are taken. Try again in an hour, or sign in."

LABEL_OVERRIDES = {
    "Password (again)": "Confirm password",
    "Current Password": "Current password",
    "New Password": "New password",
    "New Password (again)": "Confirm new password",
}
"""Our label for each label of allauth that we change."""
PASSWORD_HELP = "At least 8 characters, and not one that is easy to guess."
"""Instead of the list of the password validators; a password that they refuse gets their reason."""


class LabelOverridesMixin(Form):
    """A form of allauth whose labels are replaced as in `LABEL_OVERRIDES`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.label = LABEL_OVERRIDES.get(str(field.label), field.label)
        if "password1" in self.fields:
            self.fields["password1"].help_text = PASSWORD_HELP


class SignInForm(LabelOverridesMixin, forms.LoginForm):  # type: ignore[misc]
    """Email and password."""


class SignUpForm(LabelOverridesMixin, forms.SignupForm):  # type: ignore[misc]
    """A new account."""

    def clean_email(self) -> str:
        """The address. Raises ValidationError if it is taken.

        Without a mail server nobody but the form can say so. It says it a few times per client; after that the client
        learns nothing about any address.
        """
        if not ratelimit.consume(context.request, action="signup_taken", dry_run=True):
            raise ValidationError(TOO_MANY_TAKEN)
        try:
            return str(super().clean_email())
        except ValidationError:
            ratelimit.consume(context.request, action="signup_taken")
            raise


class AddEmailForm(LabelOverridesMixin, forms.AddEmailForm):  # type: ignore[misc]
    """Another email address."""


class ChangePasswordForm(LabelOverridesMixin, forms.ChangePasswordForm):  # type: ignore[misc]
    """A new password, confirmed with the current one."""


class ReauthenticateForm(LabelOverridesMixin, forms.ReauthenticateForm):  # type: ignore[misc]
    """The password again, before a change that matters."""


class ResetPasswordForm(LabelOverridesMixin, forms.ResetPasswordForm):  # type: ignore[misc]
    """Where to send the reset link."""


class ResetPasswordKeyForm(LabelOverridesMixin, forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password, set through the reset link."""


class SetPasswordForm(LabelOverridesMixin, forms.SetPasswordForm):  # type: ignore[misc]
    """A first password, for someone who signs in with another account."""
