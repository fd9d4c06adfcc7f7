"""The forms of the account pages; allauth brings those of sign-up, sign-in, address and password."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.core import tokens
from accounts.models import User


class ProfileForm(forms.ModelForm[User]):
    """What others see of a person."""

    class Meta:
        model = User
        fields = ("display_name",)
        widgets = {"display_name": forms.TextInput(attrs={"autocomplete": "nickname"})}


class TokenForm(forms.Form):
    """A new API token. Two open tokens of one name could not be told apart."""

    name = forms.CharField(
        max_length=100,
        help_text="The app or device that will use it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    lasts = forms.ChoiceField(
        label="Ends",
        choices=[("", "After 30 days without use"), ("1", "Never, until you revoke it")],
        required=False,
    )

    def __init__(self, user: User, *args: Any) -> None:
        super().__init__(*args)
        self._user = user

    def clean_name(self) -> str:
        """The name, which no other open token of the person has."""
        name = str(self.cleaned_data["name"])
        if tokens.open_tokens(self._user).filter(name=name).exists():
            raise forms.ValidationError("You have a token of this name. Choose another, or revoke the old one first.")
        return name


class DeleteAccountForm(forms.Form):
    """The password, so that an open browser alone cannot delete an account."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, user: User, *args: Any) -> None:
        super().__init__(*args)
        self._user = user

    def clean_password(self) -> str:
        """The password, if it is the right one."""
        password = str(self.cleaned_data["password"])
        if not self._user.check_password(password):
            raise forms.ValidationError("This is not your password.")
        return password
