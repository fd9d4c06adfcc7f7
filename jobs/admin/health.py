"""The state of queue and workers, for staff with permission to view jobs."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobs.core.health import gather


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The page; `admin_view` has already checked that the user is staff."""
    if not request.user.has_perm("jobs.view_job"):
        raise PermissionDenied
    context = {**admin.site.each_context(request), "title": "Queue and workers", "health": gather()}
    return render(request, "admin/health.html", context)
