"""A user's own data: download it, or delete the account."""

from __future__ import annotations

from allauth.core.ratelimit import consume_or_429
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.data import export
from accounts.data.deletion import delete_account
from accounts.pages.forms import deletion_form
from accounts.views.current_user import current_user
from jobs.core import quota
from jobs.models import Job


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: HttpRequest) -> HttpResponseBase:
    """What is stored; a POST downloads it as a ZIP."""
    if request.method == "POST":
        return export.deliver_export(current_user(request))
    return render(request, "accounts/data.html", {"usage": quota.usage(current_user(request))})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest) -> HttpResponse:
    """Show what will be deleted, ask for confirmation, delete. Attempts are limited as for sign-in."""
    if request.method == "POST" and (limited := consume_or_429(request, action="reauthenticate", user=request.user)):
        return limited  # type: ignore[no-any-return]
    form = deletion_form(current_user(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        delete_account(current_user(request))
        logout(request)
        messages.success(request, "Your account and everything in it have been deleted.")
        return redirect("home")
    context = {"form": form, "usage": quota.usage(current_user(request)), **_deletion_counts(request)}
    return render(request, "accounts/delete.html", context, status=400 if form.errors else 200)


def _deletion_counts(request: HttpRequest) -> dict[str, int]:
    jobs = Job.objects.filter(owner=current_user(request), deleted_at=None)
    return {
        "jobs": jobs.count(),
        "active": jobs.active().count(),
        "published": jobs.filter(published_at__isnull=False).count(),
    }
