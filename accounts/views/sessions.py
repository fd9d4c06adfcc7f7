"""The browsers in which a user is signed in; each can be signed out remotely."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.core import sessions
from accounts.views.current_user import current_user


@login_required
@require_safe
def session_list(request: HttpRequest) -> HttpResponse:
    """List this browser and the others."""
    browsers = sessions.browsers_of(current_user(request), request.session)
    return render(request, "accounts/sessions.html", {"browsers": browsers})


@login_required
@require_POST
def end(request: HttpRequest, browser_id: int) -> HttpResponse:
    """Sign one browser out."""
    if not sessions.sign_out(current_user(request), browser_id):
        raise Http404("There is no such session.")
    messages.success(request, "Browser signed out.")
    return redirect("accounts:sessions")


@login_required
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign out every browser but this one."""
    sessions.sign_out_all(current_user(request), keep=request.session)
    messages.success(request, "All other browsers signed out.")
    return redirect("accounts:sessions")
