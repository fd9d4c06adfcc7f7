"""Signing in with an account at Google or GitHub, and the page of the accounts that are connected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from allauth.socialaccount.forms import DisconnectForm
from allauth.socialaccount.providers.github import views as github
from allauth.socialaccount.providers.google import views as google
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.pages.social_adapter import is_on
from reconsite.core.social_sign_in import NAMES

View = Callable[..., HttpResponseBase]
VIEWS: dict[str, tuple[View, View]] = {
    "google": (google.oauth2_login, google.oauth2_callback),
    "github": (github.oauth2_login, github.oauth2_callback),
}


def start(request: HttpRequest, provider: str) -> HttpResponseBase:
    """Send the browser to the provider, which asks for consent."""
    return _view(provider, 0)(request)


def callback(request: HttpRequest, provider: str) -> HttpResponseBase:
    """The browser comes back from the provider."""
    return _view(provider, 1)(request)


def _view(provider: str, step: int) -> View:
    """Raises Http404 for a provider that this site does not offer."""
    if not is_on(provider):
        raise Http404
    return VIEWS[provider][step]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def connections(request: HttpRequest) -> HttpResponse:
    """The connected accounts. A POST disconnects one, unless nothing else would let its owner in."""
    if not settings.SOCIALACCOUNT_PROVIDERS:
        raise Http404
    form = cast(Any, DisconnectForm)(data=request.POST or None, request=request)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("socialaccount_connections")
    rows = [row for row in form.accounts if is_on(row.provider)]
    connected = {row.provider for row in rows}
    free = {name: NAMES[name] for name in settings.SOCIALACCOUNT_PROVIDERS if name not in connected}
    context = {"form": form, "accounts": [(row, NAMES[row.provider]) for row in rows], "free": free}
    return render(request, "socialaccount/connections.html", context, status=400 if form.errors else 200)
