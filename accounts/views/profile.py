"""The first of the account pages: the name that others see, and how much room is taken."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.pages.forms import ProfileForm
from accounts.views.person import person
from jobs.core import quota
from jobs.models import Job


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, storage, jobs under way."""
    # A row of its own: the form writes into it before it is valid, and the bar shows the person too.
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=person(request).pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your profile is saved.")
        return redirect("accounts:profile")
    context = {
        "form": form,
        "usage": quota.usage(person(request)),
        "active_jobs": Job.objects.active().filter(owner=person(request), deleted_at=None).count(),
        "max_active_jobs": settings.MAX_ACTIVE_JOBS,
    }
    return render(request, "accounts/profile.html", context, status=400 if form.errors else 200)
