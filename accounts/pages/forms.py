"""The forms of the account pages; auth_forms has those for sign-up, sign-in, email and password."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.core import tokens
from accounts.models import ApiToken, User


class ProfileForm(forms.ModelForm[User]):
    """What others see of a user."""

    class Meta:
        model = User
        fields = ("display_name",)
        widgets = {"display_name": forms.TextInput(attrs={"autocomplete": "nickname"})}


class TokenForm(forms.Form):
    """A new API token. Names are unique among a user's active tokens, so that they can be told apart."""

    name = forms.CharField(
        max_length=100,
        help_text="The app or device that will use the token.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    never_expires = forms.ChoiceField(
        label="Expires",
        choices=[("", "After 30 days without use"), ("1", "Never, until you revoke it")],
        required=False,
    )

    scope = forms.ChoiceField(
        label="Access", choices=ApiToken.Scope.choices, required=False, initial=ApiToken.Scope.WRITE
    )

    def __init__(self, user: User, *args: Any) -> None:
        super().__init__(*args)
        self._user = user

    def clean_scope(self) -> ApiToken.Scope:
        """Read and write unless chosen otherwise."""
        return ApiToken.Scope(self.cleaned_data["scope"] or ApiToken.Scope.WRITE)

    def clean_name(self) -> str:
        """The name. Raises ValidationError if another active token has it."""
        name = str(self.cleaned_data["name"])
        if tokens.active_tokens(self._user).filter(name=name).exists():
            raise forms.ValidationError(
                "You already have a token with this name. Choose another name, or revoke the old token."
            )
        return name


class DeleteAccountForm(forms.Form):
    """The password, so that access to a signed-in browser is not enough to delete an account."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, user: User, *args: Any) -> None:
        super().__init__(*args)
        self._user = user

    def clean_password(self) -> str:
        """The password. Raises ValidationError if it is wrong."""
        password = str(self.cleaned_data["password"])
        if not self._user.check_password(password):
            raise forms.ValidationError("Wrong password.")
        return password


class ConfirmEmailForm(forms.Form):
    """Their email address, for somebody who has no password to confirm the deletion with."""

    email = forms.EmailField(
        label="Your email address, to confirm", widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, user: User, *args: Any) -> None:
        super().__init__(*args)
        self._user = user

    def clean_email(self) -> str:
        """The address. Raises ValidationError if it is not the account's."""
        email = str(self.cleaned_data["email"])
        if email.lower() != self._user.email.lower():
            raise forms.ValidationError("This is not the address of this account.")
        return email


def deletion_form(user: User, data: Any = None) -> forms.Form:
    """The form that confirms a deletion: with the password, or without one by the address."""
    return (DeleteAccountForm if user.has_usable_password() else ConfirmEmailForm)(user, data)
