"""The first page: a place for a photo, samples to try, and what people published lately."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jobs.core import access
from jobs.models import Job
from jobs.views.upload import ACCEPT
from ml import files

SAMPLES = {"locomotive.png": "A toy locomotive", "lighthouse.webp": "A lighthouse", "robot.webp": "A robot"}
"""Our own pictures in static/samples (scripts/sample_picture.py), and what is on them."""
IN_A_ROW, SHOWN = 4, 8
"""Cards beside each other on a wide screen, and on two rows of them; narrower ones have two columns."""


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """For everybody, signed in or not."""
    context = {
        "samples": [{"file": f"samples/{name}", "name": name, "title": title} for name, title in SAMPLES.items()],
        "published": _showcase(),
        "files": files,
        "accept": ACCEPT,
        "max_upload_bytes": settings.MAX_UPLOAD_BYTES,
        "max_upload_mb": settings.MAX_UPLOAD_BYTES // (1024 * 1024),
    }
    return render(request, "home.html", context)


def _showcase() -> list[Job]:
    """What was published last, in whole rows where there is enough for one."""
    jobs = list(access.public_jobs().select_related("owner").order_by("-published_at", "pk")[:SHOWN])
    return jobs[: len(jobs) // IN_A_ROW * IN_A_ROW] or jobs
