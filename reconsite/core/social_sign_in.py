"""Sign-in with an account at Google or GitHub: what allauth and the browser must know of those that are set up."""

from __future__ import annotations

from typing import Any

ORIGINS = {"google": "https://accounts.google.com", "github": "https://github.com"}
"""Where each provider asks people for their consent."""
NAMES = {"google": "Google", "github": "GitHub"}
Credentials = dict[str, tuple[str, str]]
"""Client id and secret by provider; both empty where it is not used."""


def complete(credentials: Credentials) -> list[str]:
    """The providers that have both an id and a secret; half a setting switches nothing on."""
    return [provider for provider, pair in credentials.items() if all(pair)]


def half_set(credentials: Credentials) -> list[tuple[str, str]]:
    """For each provider with only one of its two settings: the one that is there, and the missing one."""
    names = {provider: (f"{provider.upper()}_CLIENT_ID", f"{provider.upper()}_CLIENT_SECRET") for provider in ORIGINS}
    partial = {provider: pair for provider, pair in credentials.items() if any(pair) and not all(pair)}
    return [names[provider] if pair[0] else names[provider][::-1] for provider, pair in partial.items()]


def providers(credentials: Credentials) -> dict[str, Any]:
    """SOCIALACCOUNT_PROVIDERS of allauth. PKCE ties the code to the browser that asked for it."""
    apps = {name: dict(zip(("client_id", "secret"), credentials[name], strict=True)) for name in complete(credentials)}
    return {name: {"APP": app, "OAUTH_PKCE_ENABLED": True} for name, app in apps.items()}


def origins(credentials: Credentials) -> list[str]:
    """For the Content-Security-Policy: a form may only be sent, or be redirected, to hosts that it lists."""
    return [ORIGINS[name] for name in complete(credentials)]
