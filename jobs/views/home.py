"""The home page: a drop zone for a photo, sample photos, and recently published models."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from jobs.core import access
from jobs.models import Job
from jobs.pages.upload import ACCEPT
from ml import files

SAMPLES = {"locomotive.webp": "A toy locomotive", "lighthouse.webp": "A lighthouse", "robot.webp": "A robot"}
"""Our own images in static/samples (rendered by scripts/sample_picture.py) and what they show."""
CARDS_PER_ROW, SHOWCASE_SIZE = 4, 8
"""Cards in a row on a wide screen, and in two such rows; narrower screens have two columns."""


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The same page for everyone, signed in or not."""
    context = {
        "next_url": upload_or_entrance(request),
        "open_sign_up": settings.OPEN_SIGN_UP,
        "samples": [{"file": f"samples/{name}", "name": name, "title": title} for name, title in SAMPLES.items()],
        "published": _showcase(),
        "files": files,
        "accept": ACCEPT,
        "max_upload_bytes": settings.MAX_UPLOAD_BYTES,
        "max_upload_mb": settings.MAX_UPLOAD_BYTES // (1024 * 1024),
    }
    return render(request, "home.html", context)


def upload_or_entrance(request: HttpRequest) -> str:
    """Where a chosen photo leads: to the upload page; a visitor signs up on the way, or in where sign-up is closed."""
    upload = reverse("jobs:upload")
    if request.user.is_authenticated:
        return upload
    return reverse("account_signup" if settings.OPEN_SIGN_UP else "account_login", query={"next": upload})


def _showcase() -> list[Job]:
    """The most recently published models, in full rows once there are enough for one."""
    jobs = list(access.public_jobs().select_related("owner").order_by("-published_at", "pk")[:SHOWCASE_SIZE])
    return jobs[: len(jobs) // CARDS_PER_ROW * CARDS_PER_ROW] or jobs
