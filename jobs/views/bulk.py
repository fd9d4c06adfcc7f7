"""One act on several of one's models: download, publish, make private, delete."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_POST

from jobs.core import access, services, sharing
from jobs.http.zip_stream import Entry, deliver_bundle, entries_of
from jobs.models import Job, State
from jobs.views.doors import back_to
from ml import files

_DOWNLOADS = tuple(each.name for each in files.FILES if each.download)


@login_required
@require_POST
def bulk(request: HttpRequest) -> HttpResponseBase:
    """Do `act` with each `job` of the form. What is not one's own, or gone meanwhile, is passed over."""
    jobs = _chosen(request)
    act = {"download": _download, "publish": _publish, "unpublish": _unpublish, "delete": _delete}.get(
        request.POST.get("act", "")
    )
    if act is None:
        return HttpResponse("There is no such act.", status=400, content_type="text/plain")
    if not jobs:
        messages.info(request, "Select at least one model first.")
        return _back(request)
    return act(request, jobs)


def _chosen(request: HttpRequest) -> list[Job]:
    wanted = filter(None, map(_uuid, request.POST.getlist("job")))
    return list(access.jobs_of(request.user).filter(pk__in=list(wanted)))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _download(request: HttpRequest, jobs: list[Job]) -> HttpResponseBase:
    entries = [entry for job in jobs if job.state == State.SUCCEEDED for entry in _entries(job)]
    if entries:
        return deliver_bundle(entries, "models.zip")
    messages.info(request, "None of the selected models has files yet.")
    return _back(request)


def _entries(job: Job) -> list[Entry]:
    """Each model in a folder of its own: the title for people, a part of the id so that no two are the same."""
    folder = f"{slugify(job.title) or 'model'}-{job.pk.hex[:8]}"
    return entries_of(list(job.artifacts.filter(name__in=_DOWNLOADS)), folder)


def _publish(request: HttpRequest, jobs: list[Job]) -> HttpResponse:
    finished = [job for job in jobs if job.state == State.SUCCEEDED]
    for job in finished:
        sharing.publish(job)
    if finished:
        messages.success(request, f"{_models(len(finished))} can now be seen by everybody under “Explore”.")
    if left := len(jobs) - len(finished):
        messages.info(request, f"{_models(left)} stayed private: only a finished model can be published.")
    return _back(request)


def _unpublish(request: HttpRequest, jobs: list[Job]) -> HttpResponse:
    for job in jobs:
        sharing.unpublish(job)
    messages.success(request, f"{_models(len(jobs))} can now be seen by you alone, and by whom you gave a link.")
    return _back(request)


def _delete(request: HttpRequest, jobs: list[Job]) -> HttpResponse:
    """Ask first, then delete."""
    if "sure" not in request.POST:
        return render(request, "jobs/confirm_bulk_delete.html", {"jobs": jobs, "next": back_to(request)})
    for job in jobs:
        services.delete(job.pk)
    messages.success(request, f"{_models(len(jobs))} {'was' if len(jobs) == 1 else 'were'} deleted.")
    return _back(request)


def _models(count: int) -> str:
    return "1 model" if count == 1 else f"{count} models"


def _back(request: HttpRequest) -> HttpResponse:
    return redirect(back_to(request))
