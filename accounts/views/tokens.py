"""A user's API tokens: create one, see it once, revoke it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.core import tokens
from accounts.models import ApiToken
from accounts.pages.forms import TokenForm
from accounts.views.current_user import current_user
from reconsite.core.errors import Rejected


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """List the tokens and create one.

    The response to the form shows the new token: for a redirect it would have to be stored in the session.
    """
    form = TokenForm(current_user(request), request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form)
    try:
        token, text = tokens.create(
            current_user(request),
            form.cleaned_data["name"],
            never_expires=bool(form.cleaned_data["never_expires"]),
            scope=form.cleaned_data["scope"],
        )
    except Rejected as error:
        form.add_error(None, error.message)
        return _page(request, form)
    return _page(request, TokenForm(current_user(request)), token, text)


def _page(request: HttpRequest, form: TokenForm, new: ApiToken | None = None, text: str = "") -> HttpResponse:
    context = {
        "form": form,
        "tokens": tokens.active_tokens(current_user(request)),
        "new": new,
        "text": text,
        "site_url": settings.SITE_URL,
    }
    return render(request, "accounts/tokens.html", context, status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, token_key: str) -> HttpResponse:
    """Ask for confirmation, then revoke."""
    token = tokens.active_tokens(current_user(request)).filter(token_key=token_key).first()
    if token is None:
        raise Http404("There is no such token.")
    if request.method != "POST":
        return render(request, "accounts/revoke_token.html", {"token": token})
    tokens.revoke(current_user(request), token_key)
    messages.success(request, f"Token “{token.name}” revoked. Anything using it has stopped working.")
    return redirect("accounts:tokens")
