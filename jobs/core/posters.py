"""The owner's choice of the poster: one of the turntable images in place of the view that the worker found best."""

from __future__ import annotations

import hashlib
import io
from functools import partial

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from PIL import Image

from jobs.core import storage
from jobs.models import Artifact, Job
from ml import files
from reconsite.core.errors import Rejected

SIZE = 512
"""Side of a poster in pixels, as the worker renders it; a smaller image is enlarged."""
QUALITY = 88
"""WebP quality, 0 to 100."""


def use_view(job: Job, azimuth: float) -> int:
    """Make the turntable image nearest to `azimuth` (degrees from the photo's side) the poster; returns its number.

    Raises Rejected(`wrong_state`) while the job has no images.
    """
    frames = job.artifacts.filter(name__regex=r"^render_\d{3}\.png$")
    count, poster = frames.count(), job.artifacts.filter(name=files.POSTER).first()
    if not count or poster is None:
        raise Rejected("wrong_state", "Only a finished model has a poster.")
    number = round(azimuth % 360.0 / 360.0 * count) % count
    _replace(poster, _as_poster(frames.get(name=files.frame_name(number))))
    return number


def _as_poster(frame: Artifact) -> bytes:
    try:
        with storage.backend().open(str(frame.file)) as file, Image.open(file) as picture:
            enlarged = picture.convert("RGBA").resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    except OSError as error:  # Pillow's errors are OSErrors
        raise Rejected("wrong_state", "The image of this view is damaged. Choose another view.") from error
    buffer = io.BytesIO()
    enlarged.save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()


def _replace(poster: Artifact, content: bytes) -> None:
    """The new file first, then the row, then the old file goes: a row exists exactly when its file is complete."""
    old = str(poster.file)
    digest = hashlib.sha256(content).hexdigest()
    folder = old.rpartition("/")[0]
    key = storage.backend().save(f"{folder}/poster-{digest[:16]}.webp", ContentFile(content))
    try:
        with transaction.atomic():
            Artifact.objects.filter(pk=poster.pk).update(file=key, size=len(content), sha256=digest)
            grown = len(content) - poster.size
            Job.objects.filter(pk=poster.job_id).update(size=F("size") + grown, updated_at=timezone.now())
            transaction.on_commit(partial(storage.backend().delete, old), robust=True)
    except BaseException:
        storage.backend().delete(key)
        raise
