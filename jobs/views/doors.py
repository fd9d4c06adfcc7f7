"""What the pages share: the 404 of a door of jobs.core.access that stays shut, and the way back after an act."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from jobs.models import Job


def found(job: Job | None) -> Job:
    """The job, or the 404 that is the same for a wrong id and for somebody else's."""
    if job is None:
        raise Http404("There is no such job.")
    return job


def back_to(request: HttpRequest) -> str:
    """The page of this site that the form names as `next`, else the gallery."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("jobs:gallery")
