"""The owner's actions on one job: each is a POST that calls a command of the core and goes back to a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from math import isfinite
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from jobs.core import access, conversions, posters, services, sharing, tagging
from jobs.http.errors import ALREADY_ENDED, NOT_RETRYABLE
from jobs.http.lookup import get_or_404
from jobs.models import Job, State
from jobs.views.next_url import next_url
from ml.formats import FORMATS
from reconsite.core.errors import Rejected

Action = Callable[[HttpRequest, Job], None]
View = Callable[[HttpRequest, UUID], HttpResponse]


def _job_page(request: HttpRequest, job: Job) -> str:
    return job.get_absolute_url()


def _files(request: HttpRequest, job: Job) -> str:
    return f"{job.get_absolute_url()}#files"


def _share_panel(request: HttpRequest, job: Job) -> str:
    return f"{job.get_absolute_url()}#share"


def _next_page(request: HttpRequest, job: Job) -> str:
    return next_url(request)


def owner_action(target: Callable[[HttpRequest, Job], str]) -> Callable[[Action], View]:
    """Make a POST view of an action: 404 for everyone but the owner, a rejection as a message, then on to `target`."""

    def decorate(action: Action) -> View:
        @login_required
        @require_POST
        @wraps(action)
        def view(request: HttpRequest, job_id: UUID) -> HttpResponse:
            job = get_or_404(access.job_for_write(request.user, job_id))
            try:
                action(request, job)
            except Rejected as error:
                messages.error(request, error.message)
            return redirect(target(request, job))

        return view

    return decorate


@owner_action(_job_page)
def rename(request: HttpRequest, job: Job) -> None:
    """Change the title."""
    services.rename(job, request.POST.get("title", ""))


@owner_action(_job_page)
def poster(request: HttpRequest, job: Job) -> None:
    """Make the turntable image nearest to the viewer's camera (`azimuth` in degrees) the poster."""
    posters.use_view(job, _degrees(request.POST.get("azimuth", "")))
    messages.success(request, "Poster changed. Cards and links show the model from here.")


@owner_action(_files)
def convert(request: HttpRequest, job: Job) -> None:
    """Begin to create a format that the model does not have yet."""
    name = request.POST.get("format", "")
    if job.state != State.SUCCEEDED or name not in FORMATS:
        raise Rejected("format_missing")
    conversions.request(job, name)


@owner_action(_job_page)
def remake(request: HttpRequest, job: Job) -> None:
    """Begin to make the files of an archived model again."""
    if job.archived_at is None:
        raise Rejected("wrong_state", "The files of this model are there.")
    conversions.request(job, conversions.ALL)


def _degrees(text: str) -> float:
    """A finite number; 0, the photo's side, for anything else."""
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if isfinite(value) else 0.0


@owner_action(_next_page)
def tags(request: HttpRequest, job: Job) -> None:
    """Replace the tags with those of the form (`tags`, separated by commas)."""
    tagging.set_tags(job, request.POST.getlist("tags"))


@owner_action(_share_panel)
def share(request: HttpRequest, job: Job) -> None:
    """Create the share link."""
    sharing.share(job)


@owner_action(_share_panel)
def revoke(request: HttpRequest, job: Job) -> None:
    """Revoke the share link."""
    if sharing.revoke(job):
        messages.success(request, "Share link revoked. It no longer works.")


@owner_action(_share_panel)
def publish(request: HttpRequest, job: Job) -> None:
    """Show the model to everyone."""
    if sharing.publish(job):
        messages.success(request, f"“{job.title}” is now public.")


@owner_action(_share_panel)
def unpublish(request: HttpRequest, job: Job) -> None:
    """Make the model private again."""
    if sharing.unpublish(job):
        messages.success(request, f"“{job.title}” is now private.")


@owner_action(_job_page)
def cancel(request: HttpRequest, job: Job) -> None:
    """Cancel the job."""
    if not services.cancel(job.pk):
        messages.info(request, ALREADY_ENDED)


@owner_action(_job_page)
def retry(request: HttpRequest, job: Job) -> None:
    """Queue the job again."""
    if not services.retry(job):
        messages.info(request, NOT_RETRYABLE)
