"""Refuse a photo without an object when it is submitted, instead of after the queue."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from functools import lru_cache
from multiprocessing import TimeoutError as NotInTime
from multiprocessing.pool import ThreadPool

from django.conf import settings

from jobs.work.cutout_process import MAX_WAITING, shared_process
from ml.cutout_options import CutoutOptions
from ml.errors import ReconstructionError
from ml.recipe import Recipe
from reconsite.core.errors import Rejected


def require_subjects(photos: Sequence[bytes], recipe: Recipe) -> None:
    """Look for the object in each photo, as the upload page does, for at most SUBJECT_CHECK_SECONDS in all.

    A photo passes when the check is off or cannot tell in time. Other flaws are left to `services.submit`.
    Raises ReconstructionError(`no_subject`).
    """
    if not settings.SUBJECT_CHECK_SECONDS or not recipe.remove_background:
        return
    options = [CutoutOptions.of_photo(recipe, number) for number in range(len(photos))]
    found = _threads().starmap_async(_has_subject, zip(photos, options, strict=True), chunksize=1)
    try:
        numbers = [
            number for number, has_subject in enumerate(found.get(settings.SUBJECT_CHECK_SECONDS), 1) if not has_subject
        ]
    except NotInTime:
        return
    if numbers:
        error = ReconstructionError("no_subject")
        raise ReconstructionError("no_subject", f"Photo {numbers[0]}: {error.message}") if len(photos) > 1 else error


def _has_subject(photo: bytes, options: CutoutOptions) -> bool:
    """False only if the cutout process looked at the photo and found no object."""
    if len(photo) > settings.MAX_UPLOAD_BYTES or shared_process.was_cut(photo, options):
        return True
    try:
        shared_process.cut(photo, options)
    except ReconstructionError as error:
        return error.code != "no_subject"
    except Rejected:
        return True
    return True


@lru_cache(maxsize=1)
def _threads() -> ThreadPool:
    """As many as photos may wait for the cutout process; a request does not wait for a thread that takes too long."""
    pool = ThreadPool(MAX_WAITING)
    atexit.register(pool.terminate)
    return pool
