"""How sign-in with an account at Google or GitHub behaves on this site."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.account.utils import filter_users_by_email
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import User
from reconsite.core.social_sign_in import NAMES

KEPT = ("email", "login")
"""What is stored of a provider's profile, to tell one's accounts apart; name, picture and the rest are not."""
FAILED = "Signing in with {provider} didn't work. Try again, or use your password."
NO_VERIFIED_EMAIL = "{provider} hasn't verified your email address. Verify it there, or sign up with your email here."
ACCOUNT_EXISTS = "You already have an account with {email}. Sign in with your password, then connect {provider} there."
CONNECTED_OTHER = "This account is connected to someone else's account on this site."
NO_PASSWORD = "Set a password first. Without one, you couldn't sign in any more."


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Providers come from the settings, little is stored, and only a proved email address leads to an account."""

    error_messages: ClassVar = {
        **DefaultSocialAccountAdapter.error_messages,
        "connected_other": CONNECTED_OTHER,
        "no_password": NO_PASSWORD,
        "no_verified_email": "Verify your email address first. Without it, you couldn't reset your password.",
    }

    def list_apps(
        self, request: HttpRequest | None, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The providers of the settings. Those that allauth can keep in the database are not used."""
        providers = settings.SOCIALACCOUNT_PROVIDERS.items()
        apps = [SocialApp(provider=name, name=NAMES[name], **values["APP"]) for name, values in providers]
        return [app for app in apps if provider in (None, app.provider) and client_id in (None, app.client_id)]

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        """The new user, and what is kept of the profile: no name is taken over unasked."""
        kept = {name: sociallogin.account.extra_data.get(name) for name in KEPT}
        sociallogin.account.extra_data = {name: value for name, value in kept.items() if value}
        user: User = super().populate_user(request, sociallogin, {"email": data.get("email")})
        return user

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """The account with an address that both the provider and this site have verified.

        An address that only the provider has verified may have been entered here by somebody else.
        """
        found: tuple[User, str] | None = super().authenticate_by_email(sociallogin)
        return found if found and _is_verified_here(*found) else None

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let a new account have the provider's main verified address and no other, or refuse with a message."""
        if sociallogin.is_existing or sociallogin.state.get("process") == AuthProcess.CONNECT:
            return
        names = {"provider": sociallogin.provider.name}
        email = next((address.email for address in sociallogin.email_addresses if address.verified), "")
        if not email:
            raise _back(request, sociallogin.state, NO_VERIFIED_EMAIL.format(**names))
        if filter_users_by_email(email):
            raise _back(request, sociallogin.state, ACCOUNT_EXISTS.format(email=email, **names))
        sociallogin.email_addresses = [EmailAddress(email=email, verified=True, primary=True)]
        sociallogin.user.email = email

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str = AuthError.UNKNOWN,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Back to where the person came from, with a message unless they cancelled it themselves."""
        message = "" if error == AuthError.CANCELLED else FAILED.format(provider=provider.name)
        raise _back(request, (extra_context or {}).get("state") or {}, message)


def is_on(provider: str) -> bool:
    """Whether this site offers sign-in with `provider`."""
    return provider in settings.SOCIALACCOUNT_PROVIDERS


def _is_verified_here(user: User, email: str) -> bool:
    return bool(EmailAddress.objects.filter(user=user, email__iexact=email, verified=True).exists())


def _back(request: HttpRequest, state: dict[str, Any], message: str) -> ImmediateHttpResponse:
    """To the account page, if an account was to be connected there; else to sign-in, which keeps `next`."""
    if message:
        messages.error(request, message)
    if state.get("process") == AuthProcess.CONNECT:
        return ImmediateHttpResponse(HttpResponseRedirect(reverse("socialaccount_connections")))
    query = f"?{urlencode({'next': state['next']})}" if state.get("next") else ""
    return ImmediateHttpResponse(HttpResponseRedirect(reverse("account_login") + query))
