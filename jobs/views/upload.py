"""The page where photos are sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from jobs.core import access, estimates, services, worker_heartbeat
from jobs.http.delivery import deliver_photo
from jobs.http.errors import STATUS
from jobs.http.lookup import get_or_404
from jobs.models import Job
from jobs.pages.recipe_fields import QUALITY_HINTS, QUALITY_LABELS, SIDE_CHOICES
from jobs.pages.submit_form import SubmitForm
from jobs.work.cutout_process import previewer
from ml.engine_registry import engine_names
from ml.errors import ReconstructionError
from ml.recipe import MAX_PHOTOS, QUALITIES
from reconsite.core.errors import Rejected

ACCEPT = "image/jpeg,image/png,image/webp,image/heic,image/heif,image/gif,image/avif"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The form, and what it sends: a redirect for a plain form, JSON for the page's script."""
    if request.method != "POST":
        previewer.warm_up()
        earlier = _earlier(request)
        form = SubmitForm.from_recipe(earlier.recipe_object()) if earlier else SubmitForm()
        return _upload_page(request, form, earlier=earlier)
    form = SubmitForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, form, form.error_messages(), 400)
    try:
        job = _submit(request, form)
    except (Rejected, ReconstructionError) as error:
        return _refused(request, form, [error.message], STATUS.get(error.code, 400))
    if _wants_json(request):
        return JsonResponse({"page": job.get_absolute_url()}, status=201)
    return redirect(job)


@login_required
@require_safe
def photo(request: HttpRequest, job_id: UUID, position: int) -> HttpResponseBase:
    """One photo of one's own job, to be sent again with other settings."""
    job = get_or_404(access.job_for_write(request.user, job_id))
    sent = job.photos.filter(position=position).first()
    if sent is None:
        raise Http404("There is no such photo.")
    return deliver_photo(sent)


def _submit(request: HttpRequest, form: SubmitForm) -> Job:
    assert isinstance(request.user, User)
    wanted = form.cleaned_data
    photos = [(each.read(), each.name or "") for each in wanted["photo"]]
    key = wanted["idempotency_key"]
    return services.submit(request.user, photos, form.to_recipe(), title=wanted["title"], idempotency_key=key).job


def _earlier(request: HttpRequest) -> Job | None:
    """The job to make again with other settings, None without one. Raises Http404 for somebody else's."""
    named = request.GET.get("again")
    if not named:
        return None
    try:
        return get_or_404(access.job_for_write(request.user, UUID(named)))
    except ValueError as error:
        raise Http404("There is no such job.") from error


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _refused(request: HttpRequest, form: SubmitForm, messages: list[str], status: int) -> HttpResponse:
    if _wants_json(request):
        errors = [{"code": "invalid", "detail": message, "attr": None} for message in messages]
        return JsonResponse({"type": "client_error", "errors": errors}, status=status)
    return _upload_page(request, form, messages=messages, status=status)


def _upload_page(
    request: HttpRequest,
    form: SubmitForm,
    *,
    earlier: Job | None = None,
    messages: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    qualities = [_quality(name) for name in QUALITIES]
    context = {
        "form": form,
        "error_messages": messages or [],
        "earlier": earlier,
        "max_upload_mb": settings.MAX_UPLOAD_BYTES // (1024 * 1024),
        "max_photos": MAX_PHOTOS,
        "accept": ACCEPT,
        "qualities": qualities,
        "times_known": any(each["seconds"] for each in qualities),
        "worker_online": worker_heartbeat.worker_online(),
        "queue_length": estimates.queue_length(),
        "upload_data": _upload_data(earlier),
    }
    return render(request, "jobs/upload.html", context, status=status)


def _quality(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": QUALITY_LABELS[name],
        "hint": QUALITY_HINTS[name],
        "seconds": estimates.seconds_for(name),
    }


def _upload_data(earlier: Job | None) -> dict[str, Any]:
    """What the page's script has to know."""
    return {
        "max_bytes": settings.MAX_UPLOAD_BYTES,
        "max_photos": MAX_PHOTOS,
        "accept": ACCEPT,
        "sides": SIDE_CHOICES,
        "cutout_url": reverse("jobs:cutout"),
        "estimates": {
            engine: {quality: estimates.seconds_for(quality, engine) for quality in QUALITIES}
            for engine in engine_names()
        },
        "earlier": _earlier_photos(earlier) if earlier else [],
    }


def _earlier_photos(job: Job) -> list[dict[str, Any]]:
    sides = list(job.recipe_object().sides)
    return [
        {
            "url": reverse("jobs:photo", args=[job.pk, each.position]),
            "name": each.original_name or f"photo-{each.position + 1}",
            "side": sides[index] if index < len(sides) and isinstance(sides[index], str) else None,
        }
        for index, each in enumerate(job.photos.all())
    ]
