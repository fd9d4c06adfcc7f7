"""A person's own data: take it along, or delete it."""

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
from accounts.pages.forms import DeleteAccountForm
from accounts.views.person import person
from jobs.core import quota
from jobs.models import Job


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: HttpRequest) -> HttpResponseBase:
    """What is stored; as one ZIP when the form is sent."""
    if request.method == "POST":
        return export.deliver_export(person(request))
    return render(request, "accounts/data.html", {"usage": quota.usage(person(request))})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest) -> HttpResponse:
    """Say what goes, ask for the password, delete. Guesses are limited like those of a sign-in."""
    if request.method == "POST" and (limited := consume_or_429(request, action="reauthenticate", user=request.user)):
        return limited  # type: ignore[no-any-return]
    form = DeleteAccountForm(person(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        delete_account(person(request))
        logout(request)
        messages.success(request, "Your account is deleted, with everything that was in it.")
        return redirect("home")
    context = {"form": form, "usage": quota.usage(person(request)), **_what_goes(request)}
    return render(request, "accounts/delete.html", context, status=400 if form.errors else 200)


def _what_goes(request: HttpRequest) -> dict[str, int]:
    jobs = Job.objects.filter(owner=person(request), deleted_at=None)
    return {
        "jobs": jobs.count(),
        "active": jobs.active().count(),
        "published": jobs.filter(published_at__isnull=False).count(),
    }
