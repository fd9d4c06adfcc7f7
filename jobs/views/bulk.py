"""One action on several of your models: download, put into a collection, publish, make private, delete."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from jobs.core import access, sharing
from jobs.http.download_names import slug_of
from jobs.http.zip_stream import Entry, deliver_bundle, entries_of
from jobs.models import Job, JobQuerySet, State
from jobs.views.discarding import count_text, discard
from jobs.views.listing import uuid_or_none
from jobs.views.next_url import next_url
from ml import files

_DOWNLOADS = tuple(file.name for file in files.result_files() if file.download)


@login_required
@require_POST
def bulk(request: HttpRequest) -> HttpResponseBase:
    """Run the form's `bulk_action` on each `job` of the form; skip jobs that are gone or belong to others."""
    jobs = selected_jobs(request, access.jobs_of(request.user))
    actions = {
        "download": _download,
        "collect": _collect,
        "publish": _publish,
        "unpublish": _unpublish,
        "delete": _delete,
    }
    action = actions.get(request.POST.get("bulk_action", ""))
    if action is None:
        return HttpResponse("Unknown action.", status=400, content_type="text/plain")
    if not jobs:
        messages.info(request, "Select at least one model first.")
        return redirect(next_url(request))
    return action(request, jobs)


def selected_jobs(request: HttpRequest, jobs: JobQuerySet) -> list[Job]:
    """Those of `jobs` that the form names (`job`, several times)."""
    ids = filter(None, map(uuid_or_none, request.POST.getlist("job")))
    return list(jobs.filter(pk__in=list(ids)))


def _download(request: HttpRequest, jobs: list[Job]) -> HttpResponseBase:
    entries = [entry for job in jobs if job.state == State.SUCCEEDED for entry in _entries(job)]
    if entries:
        return deliver_bundle(entries, "models.zip")
    messages.info(request, "None of the selected models has files yet.")
    return redirect(next_url(request))


def _entries(job: Job) -> list[Entry]:
    """A folder per model, named after its title and, so that names are unique, the start of its id."""
    slug = slug_of(job.title)
    return entries_of(list(job.artifacts.filter(name__in=_DOWNLOADS)), slug, f"{slug}-{job.pk.hex[:8]}")


def _collect(request: HttpRequest, jobs: list[Job]) -> HttpResponse:
    """Ask into which collection."""
    return redirect(reverse("jobs:choose_collection", query={"job": [str(job.pk) for job in jobs]}))


def _publish(request: HttpRequest, jobs: list[Job]) -> HttpResponse:
    finished = [job for job in jobs if job.state == State.SUCCEEDED]
    for job in finished:
        sharing.publish(job)
    if finished:
        messages.success(request, f"{count_text(len(finished))} published. Anyone can now find them in Explore.")
    if unfinished := len(jobs) - len(finished):
        messages.info(request, f"{count_text(unfinished)} not published: only finished models can be.")
    return redirect(next_url(request))


def _unpublish(request: HttpRequest, jobs: list[Job]) -> HttpResponse:
    for job in jobs:
        sharing.unpublish(job)
    messages.success(request, f"{count_text(len(jobs))} made private. Share links still work.")
    return redirect(next_url(request))


def _delete(request: HttpRequest, jobs: list[Job]) -> HttpResponse:
    """Ask for confirmation first, then move to the bin."""
    if "confirmed" not in request.POST:
        return render(request, "jobs/confirm_bulk_delete.html", {"jobs": jobs, "next": next_url(request)})
    discard(request, jobs)
    return redirect(next_url(request))
