"""The page where a photo is sent."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import User
from jobs import estimates, presence, services
from jobs.api.errors import STATUS
from jobs.failures import Refused
from jobs.forms import SubmitForm
from jobs.models import Job
from ml.errors import ReconstructionError
from ml.recipe import QUALITIES, Recipe

ACCEPT = "image/jpeg,image/png,image/webp,image/heic,image/heif,image/gif,image/avif"
QUALITY_LABELS = {"draft": "Draft: quick look", "standard": "Standard", "high": "High: finest, slowest"}
ENGINE_LABELS = {"auto": "Best available", "compact": "Compact: built in, quick", "triposr": "TripoSR"}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The form, and what it sends when there is no JavaScript."""
    form = SubmitForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return _upload_page(request, form)
    if not form.is_valid():
        return _upload_page(request, form, status=400)
    try:
        job = _submit(request, form.cleaned_data)
    except (Refused, ReconstructionError) as error:
        form.add_error("photo", error.message)
        return _upload_page(request, form, status=STATUS.get(error.code, 400))
    return redirect(job)


def _submit(request: HttpRequest, wanted: dict[str, Any]) -> Job:
    assert isinstance(request.user, User)
    recipe = Recipe(engine=wanted["engine"] or "auto", quality=wanted["quality"] or "standard")
    photo = wanted["photo"]
    done = services.submit(
        request.user,
        [(photo.read(), photo.name)],
        recipe,
        title=wanted["title"],
        idempotency_key=wanted["idempotency_key"],
    )
    return done.job


def _upload_page(request: HttpRequest, form: SubmitForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "max_upload_mb": settings.MAX_UPLOAD_BYTES // (1024 * 1024),
        "max_upload_bytes": settings.MAX_UPLOAD_BYTES,
        "accept": ACCEPT,
        "qualities": list(QUALITY_LABELS.items()),
        "engines": list(ENGINE_LABELS.items()),
        "estimates": {name: estimates.seconds_for(name) for name in QUALITIES},
        "worker_online": presence.worker_online(),
        "queue_length": estimates.queue_length(),
    }
    return render(request, "jobs/upload.html", context, status=status)
