"""What strangers see of a model: behind its secret link, in a frame of another page, or because it is published."""

from __future__ import annotations

from uuid import UUID

from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from jobs.core import access
from jobs.http.delivery import deliver
from jobs.http.zip_stream import deliver_bundle, entries_of
from jobs.models import Job
from jobs.pages.result import folder_name, model_context, public_file_links, shared_file_links
from jobs.pages.social_picture import social_picture
from jobs.views.doors import found
from ml import files


@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a secret link."""
    job = found(access.job_by_share(token))
    context = model_context(job, shared_file_links(job, token), request.GET.get("format", ""))
    addresses = {
        "picture_url": settings.SITE_URL + reverse("jobs:shared_picture", args=[token]),
        "page_url": settings.SITE_URL + request.path,
        "report_url": reverse("jobs:shared_report", args=[token]),
    }
    return render(request, "jobs/shared.html", context | addresses)


@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]  # its types know no view with arguments
@require_safe
def embed(request: HttpRequest, token: str) -> HttpResponse:
    """The viewer alone, the one page that other sites may show in a frame."""
    job = found(access.job_by_share(token))
    context = model_context(job, shared_file_links(job, token))
    return render(request, "jobs/embed.html", context | {"page_url": reverse("jobs:shared", args=[token])})


@require_safe
def shared_file(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """One file behind a secret link."""
    return _file(request, found(access.job_by_share(token)), name)


@require_safe
def shared_bundle(request: HttpRequest, token: str) -> HttpResponseBase:
    """All files behind a secret link as one ZIP."""
    return _bundle(found(access.job_by_share(token)))


@require_safe
def shared_picture(request: HttpRequest, token: str) -> HttpResponse:
    """The picture that other sites show beside a secret link."""
    return _picture(found(access.job_by_share(token)))


@require_safe
def public(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The page of a published model."""
    job = found(access.job_for_public(job_id))
    context = model_context(job, public_file_links(job), request.GET.get("format", ""))
    addresses = {
        "picture_url": settings.SITE_URL + reverse("jobs:public_picture", args=[job_id]),
        "page_url": settings.SITE_URL + request.path,
        "report_url": reverse("jobs:report", args=[job_id]),
        "tags": job.tags.all(),
    }
    return render(request, "jobs/public.html", context | addresses)


@require_safe
def public_file(request: HttpRequest, job_id: UUID, name: str) -> HttpResponseBase:
    """One file of a published model."""
    return _file(request, found(access.job_for_public(job_id)), name)


@require_safe
def public_bundle(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """All files of a published model as one ZIP."""
    return _bundle(found(access.job_for_public(job_id)))


@require_safe
def public_picture(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The picture that other sites show beside a published model."""
    return _picture(found(access.job_for_public(job_id)))


def _file(request: HttpRequest, job: Job, name: str) -> HttpResponseBase:
    artifact = access.public_file(job, name)
    if artifact is None:
        raise Http404("There is no such file.")
    return deliver(request, artifact)


def _bundle(job: Job) -> HttpResponseBase:
    folder = folder_name(job)
    return deliver_bundle(entries_of(access.public_files(job), folder), f"{folder}.zip")


def _picture(job: Job) -> HttpResponse:
    poster = access.public_file(job, files.POSTER)
    if poster is None:
        raise Http404("There is no picture.")
    headers = {"Cache-Control": "private, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
    return HttpResponse(social_picture(poster), content_type="image/jpeg", headers=headers)
