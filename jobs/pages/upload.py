"""What the upload page shows, and what its script needs."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.urls import reverse

from jobs.core import estimates, worker_heartbeat
from jobs.core.photos import PHOTO_TYPES
from jobs.core.recipe_labels import QUALITY_HINTS, QUALITY_LABELS, SIDE_LABELS
from jobs.models import Job
from jobs.pages.recipe_fields import SIDE_CHOICES, quality_defaults
from jobs.pages.submit_form import SubmitForm
from ml.cutout_options import CutoutOptions
from ml.engine_registry import engine_names
from ml.recipe import MAX_PHOTOS, QUALITIES, SIDES

ACCEPT = ",".join(PHOTO_TYPES)
"""Value of the `accept` attribute of a field for photos."""


def upload_context(
    form: SubmitForm, *, earlier: Job | None = None, add_side: str = "", error_messages: list[str]
) -> dict[str, Any]:
    """The form, its errors, the qualities with their estimates, and the state of the queue.

    `add_side`: the side that the next photo is expected to show; another word than a side's name is ignored.
    """
    add_side = add_side if SIDES.get(add_side) is not None else ""
    qualities = [_quality(name) for name in QUALITIES]
    return {
        "form": form,
        "error_messages": error_messages,
        "earlier": earlier,
        "add_side": SIDE_LABELS.get(add_side, "").lower(),
        "max_upload_mb": settings.MAX_UPLOAD_BYTES // (1024 * 1024),
        "max_photos": MAX_PHOTOS,
        "accept": ACCEPT,
        "qualities": qualities,
        "times_learned": all(quality["learned"] for quality in qualities),
        "worker_online": worker_heartbeat.worker_online(),
        "queue_length": estimates.queue_length(),
        "upload_data": _upload_data(earlier, add_side),
    }


def _quality(name: str) -> dict[str, Any]:
    estimate = estimates.estimate(name)
    return {
        "name": name,
        "label": QUALITY_LABELS[name],
        "hint": QUALITY_HINTS[name],
        "defaults_json": json.dumps(quality_defaults(name)),
        "seconds": estimate.seconds,
        "learned": estimate.learned,
    }


def _upload_data(earlier: Job | None, add_side: str) -> dict[str, Any]:
    """The JSON for the page's script."""
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
        "add_side": add_side,
        "earlier": _earlier_photos(earlier) if earlier else [],
    }


def _earlier_photos(job: Job) -> list[dict[str, Any]]:
    """URL, file name and side of each photo of a job that is made again, and the point of its object."""
    recipe = job.recipe_object()
    sides = list(recipe.sides)
    return [
        {
            "url": reverse("jobs:photo", args=[job.pk, photo.position]),
            "name": photo.original_name or f"photo-{photo.position + 1}",
            "side": sides[index] if index < len(sides) and isinstance(sides[index], str) else None,
            "subject": CutoutOptions.of_photo(recipe, index).subject,
        }
        for index, photo in enumerate(job.photos.all())
    ]
