"""What visitors see of a collection, by its link or in Explore, and of the models in it."""

from __future__ import annotations

from uuid import UUID

from csp.decorators import csp_replace
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_http_methods, require_safe

from jobs.core import access, collections
from jobs.http.lookup import get_or_404
from jobs.models import Collection, Job
from jobs.pages.collections import file_links, neighbours, visible_models, visitor_context
from jobs.pages.result import model_context
from jobs.views import shared
from jobs.views.explore import EXPLORE_PAGE_SIZE, report_page
from jobs.views.listing import uuid_or_none
from ml import files


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Public collections, newest first."""
    rows = collections.with_counts(access.public_collections().select_related("owner"))
    rows = collections.with_covers(rows.order_by("-published_at", "pk"), access.visitors_items())
    page = Paginator(rows, EXPLORE_PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "jobs/explore_collections.html", {"page_obj": page, "files": files})


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a collection."""
    context = visitor_context(_collection(token))
    urls = {"page_url": settings.SITE_URL + request.path, "oembed_url": shared.oembed_url(request)}
    return render(request, "jobs/shared_collection.html", context | urls | {"files": files})


@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]  # its types do not cover views with arguments
@require_safe
def embed(request: HttpRequest, token: str) -> HttpResponse:
    """The viewer with the model of `?model=`, the first one without, and the posters of all, for another site."""
    collection = _collection(token)
    items = visible_models(collection)
    wanted = uuid_or_none(request.GET.get("model", ""))
    job = next((item.job for item in items if item.job_id == wanted), items[0].job)
    job.refresh_from_db()
    context = {**model_context(job, file_links(job, token)), "collection": collection, "items": items, "files": files}
    return shared.embed_page(request, context, reverse("jobs:shared_collection", args=[token]))


@require_safe
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """The preview image: the posters of the first models."""
    items = visible_models(_collection(token))
    return shared.send_picture(*(item.job for item in items[: shared.PICTURE_MODELS]))


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, token: str) -> HttpResponse:
    """Report the collection to the moderators."""
    return report_page(request, _collection(token), reverse("jobs:shared_collection", args=[token]))


@require_safe
def model(request: HttpRequest, token: str, job_id: UUID) -> HttpResponse:
    """One model of the collection, with links to those beside it."""
    collection, job = _collection(token), _model(token, job_id)
    context = model_context(job, file_links(job, token), request.GET.get("format", ""))
    urls = {
        "picture_url": settings.SITE_URL + reverse("jobs:collection_model_picture", args=[token, job_id]),
        "page_url": settings.SITE_URL + request.path,
        "oembed_url": shared.oembed_url(request),
        "report_url": reverse("jobs:collection_model_report", args=[token, job_id]),
        "collection": collection,
    }
    return render(
        request, "jobs/collection_model.html", context | urls | neighbours(visible_models(collection), job_id)
    )


@require_safe
def model_picture(request: HttpRequest, token: str, job_id: UUID) -> HttpResponse:
    """The preview image of one model."""
    return shared.send_picture(_model(token, job_id))


@require_safe
def model_file(request: HttpRequest, token: str, job_id: UUID, name: str) -> HttpResponseBase:
    """One file of one model."""
    return shared.send_file(request, _model(token, job_id), name)


@require_safe
def model_bundle(request: HttpRequest, token: str, job_id: UUID) -> HttpResponseBase:
    """All files of one model as one ZIP."""
    return shared.send_bundle(_model(token, job_id))


@require_http_methods(["GET", "HEAD", "POST"])
def model_report(request: HttpRequest, token: str, job_id: UUID) -> HttpResponse:
    """Report one model of the collection."""
    return report_page(request, _model(token, job_id), reverse("jobs:collection_model", args=[token, job_id]))


def _collection(token: str) -> Collection:
    return get_or_404(access.collection_by_token(token), "collection")


def _model(token: str, job_id: UUID) -> Job:
    return get_or_404(access.job_in_collection(token, job_id))
