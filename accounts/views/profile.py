"""The profile page: display name, storage and active jobs."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.pages.forms import ProfileForm
from accounts.views.current_user import current_user
from jobs.core import quota
from jobs.models import Job


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change the profile."""
    # A separate instance: validation changes it even if the form is invalid, and the header shows request.user.
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=current_user(request).pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Profile saved.")
        return redirect("accounts:profile")
    context = {
        "form": form,
        "usage": quota.usage(current_user(request)),
        "active_jobs": Job.objects.active().filter(owner=current_user(request), deleted_at=None).count(),
        "max_active_jobs": settings.MAX_ACTIVE_JOBS,
    }
    return render(request, "accounts/profile.html", context, status=400 if form.errors else 200)
