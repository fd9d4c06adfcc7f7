"""What visitors see of a model: through a share link, embedded in another site, or because it is published."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from jobs.core import access
from jobs.http.delivery import deliver
from jobs.http.download_names import slug_of
from jobs.http.lookup import get_or_404
from jobs.http.zip_stream import deliver_bundle, entries_of
from jobs.models import Job
from jobs.pages.result import model_context, public_file_links, shared_file_links
from jobs.pages.social_picture import social_picture
from ml import files

BACKGROUNDS = ("transparent", "page", "white", "grey", "black", "surroundings")
"""Backgrounds of an embedded viewer: those of frontend/viewer/backdrop.ts, and none at all."""
PICTURE_MODELS = 3
"""Models on the preview image of a collection: as many as stand beside each other without becoming small."""
PICTURE_CACHE_SECONDS = 3600
"""Other sites fetch the picture once per post; an hour keeps a revoked link's picture from living long."""


@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a share link."""
    job = get_or_404(access.job_by_share(token))
    context = model_context(job, shared_file_links(job, token), request.GET.get("format", ""))
    urls = {
        "picture_url": settings.SITE_URL + reverse("jobs:shared_picture", args=[token]),
        "page_url": settings.SITE_URL + request.path,
        "oembed_url": oembed_url(request),
        "report_url": reverse("jobs:shared_report", args=[token]),
    }
    return render(request, "jobs/shared.html", context | urls)


@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]  # its types do not cover views with arguments
@require_safe
def embed(request: HttpRequest, token: str) -> HttpResponse:
    """The viewer alone, for a frame in another site."""
    job = get_or_404(access.job_by_share(token))
    return embed_page(request, model_context(job, shared_file_links(job, token)), reverse("jobs:shared", args=[token]))


@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]
@require_safe
def public_embed(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The viewer of a published model alone, for a frame in another site."""
    job = get_or_404(access.job_for_public(job_id))
    return embed_page(request, model_context(job, public_file_links(job)), reverse("jobs:public", args=[job_id]))


@require_safe
def shared_file(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """One file of a shared model."""
    return send_file(request, get_or_404(access.job_by_share(token)), name)


@require_safe
def shared_bundle(request: HttpRequest, token: str) -> HttpResponseBase:
    """All files of a shared model as one ZIP."""
    return send_bundle(get_or_404(access.job_by_share(token)))


@require_safe
def shared_picture(request: HttpRequest, token: str) -> HttpResponse:
    """The preview image of a share link."""
    return send_picture(get_or_404(access.job_by_share(token)))


@require_safe
def public(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The page of a published model."""
    job = get_or_404(access.job_for_public(job_id))
    context = model_context(job, public_file_links(job), request.GET.get("format", ""))
    urls = {
        "picture_url": settings.SITE_URL + reverse("jobs:public_picture", args=[job_id]),
        "page_url": settings.SITE_URL + request.path,
        "oembed_url": oembed_url(request),
        "report_url": reverse("jobs:report", args=[job_id]),
    }
    return render(request, "jobs/public.html", context | urls | {"tags": job.tags.all()})


@require_safe
def public_file(request: HttpRequest, job_id: UUID, name: str) -> HttpResponseBase:
    """One file of a published model."""
    return send_file(request, get_or_404(access.job_for_public(job_id)), name)


@require_safe
def public_bundle(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """All files of a published model as one ZIP."""
    return send_bundle(get_or_404(access.job_for_public(job_id)))


@require_safe
def public_picture(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The preview image of a published model."""
    return send_picture(get_or_404(access.job_for_public(job_id)))


def oembed_url(request: HttpRequest) -> str:
    """Where other sites ask what to show for this page."""
    return str(settings.SITE_URL + reverse("jobs:oembed", query={"url": settings.SITE_URL + request.path}))


def embed_page(request: HttpRequest, context: dict[str, Any], page_url: str) -> HttpResponse:
    """The embedded viewer. `?autorotate=0|1`, `?background=` one of BACKGROUNDS, `?ui=0` without tools."""
    background = request.GET.get("background", "")
    options = {
        "autorotate": request.GET.get("autorotate", ""),
        "background": background if background in BACKGROUNDS else "",
        "without_tools": request.GET.get("ui") == "0",
    }
    return render(request, "jobs/embed.html", context | options | {"page_url": page_url})


def send_file(request: HttpRequest, job: Job, name: str) -> HttpResponseBase:
    """A file that visitors may download of a model that they may view."""
    return deliver(request, get_or_404(access.public_file(job, name), "file"))


def send_bundle(job: Job) -> HttpResponseBase:
    """All files that visitors may download of a model that they may view."""
    slug = slug_of(job.title)
    return deliver_bundle(entries_of(access.public_files(job), slug), f"{slug}.zip")


def send_picture(*jobs: Job) -> HttpResponse:
    """The preview image of one model or of several, for other sites."""
    posters = [access.public_file(job, files.POSTER) for job in jobs]
    found = get_or_404([poster for poster in posters if poster] or None, "picture")
    headers = {
        "Cache-Control": f"private, max-age={PICTURE_CACHE_SECONDS}",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return HttpResponse(social_picture(*found), content_type="image/jpeg", headers=headers)
