"""Your bin: what you deleted in the last days, to restore or to delete for good."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from jobs.core import access, quota, services
from jobs.http.delivery import deliver
from jobs.http.lookup import get_or_404
from jobs.views.bulk import selected_jobs
from jobs.views.discarding import named
from jobs.views.listing import paginate
from jobs.views.next_url import next_url
from ml.files import POSTER

PAGE_SIZE = 50
"""Rows of one line each, as in the history."""


@login_required
@require_safe
def bin_page(request: HttpRequest) -> HttpResponse:
    """What is in the bin, until when, and how much of your storage it takes."""
    assert isinstance(request.user, User)
    jobs = access.bin_of(request.user).order_by("-deleted_at", "pk")
    context = {
        "page_obj": paginate(request, jobs, PAGE_SIZE),
        "usage": quota.usage(request.user),
        "days": services.BIN_LIFETIME.days,
    }
    return render(request, "jobs/bin.html", context)


@login_required
@require_safe
def poster(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """The picture of a model in your own bin; its other files are not served."""
    job = get_or_404(access.bin_of(request.user).filter(pk=job_id).first())
    return deliver(request, get_or_404(job.artifacts.select_related("job").filter(name=POSTER).first(), "file"))


@login_required
@require_POST
def restore(request: HttpRequest) -> HttpResponse:
    """Take each `job` of the form out of the bin; skip those that are gone or belong to others."""
    jobs = selected_jobs(request, access.bin_of(request.user))
    restored = [job for job in jobs if services.restore(job.pk)]
    messages.success(request, f"{named(restored)} restored." if restored else "There was nothing to restore.")
    return redirect(next_url(request))


@login_required
@require_POST
def purge(request: HttpRequest) -> HttpResponse:
    """Delete each `job` of the form for good, or all with `everything`; ask for confirmation first."""
    everything = "everything" in request.POST
    jobs = list(access.bin_of(request.user)) if everything else selected_jobs(request, access.bin_of(request.user))
    if not jobs:
        return redirect("jobs:bin")
    if "confirmed" not in request.POST:
        return render(request, "jobs/confirm_purge.html", {"jobs": jobs, "everything": everything})
    for job in jobs:
        services.delete(job.pk)
    messages.success(request, f"{named(jobs)} permanently deleted.")
    return redirect("jobs:bin")
