"""The verbs of an owner: submit, remix, rename, cancel, retry, delete. Pages and API call the same ones."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from jobs.core import artifacts, notify, queue, quota, storage, tagging, transitions
from jobs.core.photos import CheckedPhoto, Upload, check_photos
from jobs.core.transitions import Writer
from jobs.models import Job, JobEvent, Photo, State, next_seq
from ml.errors import ReconstructionError
from ml.recipe import Recipe
from reconsite.core.errors import Rejected

TITLE_LENGTH = IDEMPOTENCY_KEY_LENGTH = 100
"""Characters that the columns hold."""


@dataclass(frozen=True)
class Submission:
    """What came of a submit; `created` is False when the Idempotency-Key had made this job before."""

    job: Job
    created: bool


def submit(
    owner: User, photos: Sequence[Upload], recipe: Recipe, *, title: str = "", idempotency_key: str = ""
) -> Submission:
    """Check 1 to 5 photos of one object (the main one first), store them, write the job and ring for a worker.

    Raises ReconstructionError (a picture or the recipe is bad) or Rejected (too many jobs, key used for something else,
    no room); then nothing is stored.
    """
    checked = check_photos(photos)
    if len(recipe.sides) > len(checked):
        raise ReconstructionError("invalid_recipe", "More sides are named than there are photos.")
    job = Job(owner=owner, title=plain_title(title) or _title_from(checked[0]), recipe=recipe.to_dict())
    return _queue_once(job, checked, idempotency_key)


def remix(job: Job, recipe: Recipe, idempotency_key: str = "") -> Submission:
    """Make a finished job's scene into another result, as its child; no network runs, no photo is copied.

    What went into the scene (`ml.recipe.OF_THE_SCENE`) stays as the parent has it, whatever `recipe` says.
    Raises Rejected: `wrong_state`, `source_missing`, and those of `submit`.
    """
    if job.state != State.SUCCEEDED:
        raise Rejected("wrong_state", "Only a finished model can be made anew.")
    artifacts.require_source(job)
    wanted = recipe.with_scene_of(job.recipe_object())
    child = Job(owner=job.owner, parent=job, title=job.title, recipe=wanted.to_dict())
    return _queue_once(child, (), idempotency_key)


def plain_title(title: str) -> str:
    """One line of printable characters, cut to what the row holds."""
    return "".join(each for each in " ".join(title.split()) if each.isprintable())[:TITLE_LENGTH]


def _title_from(photo: CheckedPhoto) -> str:
    return os.path.splitext(photo.original_name)[0].replace("_", " ").strip() or "Untitled"  # noqa: PTH122 (a name)


def _queue_once(job: Job, photos: Sequence[CheckedPhoto], key: str) -> Submission:
    """Store and queue a new job, unless its key has made one before."""
    job.idempotency_key = key or None
    job.size = sum(len(photo.data) for photo in photos)
    if earlier := _earlier(job, photos):
        return Submission(earlier, created=False)
    _check_free_space()
    try:
        _store(job, photos)
    except IntegrityError:  # the same key arrived twice at the same moment, and the other one won
        winner = _earlier(job, photos)
        if winner is None:
            raise
        return Submission(winner, created=False)
    return Submission(job, created=True)


def _earlier(new: Job, photos: Sequence[CheckedPhoto]) -> Job | None:
    """The job that this key made, None if it is new. Raises Rejected when it stood for something else."""
    key = new.idempotency_key
    job = Job.objects.filter(owner=new.owner, idempotency_key=key).first() if key else None
    if job is None:
        return None
    same_photos = list(job.photos.values_list("sha256", flat=True)) == [photo.sha256 for photo in photos]
    same = same_photos and (job.recipe, job.parent_id) == (new.recipe, new.parent_id)
    if not same or job.deleted_at is not None:
        raise Rejected("idempotency_conflict")
    return job


def _check_free_space() -> None:
    if storage.free_bytes() < settings.MIN_FREE_BYTES:
        raise Rejected("storage_full")


def _store(job: Job, photos: Sequence[CheckedPhoto]) -> None:
    """Photos to the storage, then all rows in one transaction; the files go again when the rows do not come."""
    try:
        names = [_store_photo(job, position, photo) for position, photo in enumerate(photos)]
        _write_rows(job, photos, names)
    except OSError as error:
        storage.delete_tree(storage.job_folder(job.pk))
        raise _room_or(error) from error
    except BaseException:
        storage.delete_tree(storage.job_folder(job.pk))
        raise


def _store_photo(job: Job, position: int, photo: CheckedPhoto) -> str:
    return default_storage.save(storage.photo_key(job.pk, position, photo.extension), ContentFile(photo.data))


def _room_or(error: OSError) -> Exception:
    return Rejected("storage_full") if error.errno in (errno.ENOSPC, errno.EDQUOT) else error


@transaction.atomic
def _write_rows(job: Job, photos: Sequence[CheckedPhoto], files: Sequence[str]) -> None:
    """The job, its photos and its first event, within the owner's limits."""
    _check_limits(job, incoming_bytes=job.size)
    job.save(force_insert=True)
    JobEvent.objects.create(job=job, seq=0, kind="state", state=State.QUEUED)
    Photo.objects.bulk_create(
        _photo_row(job, position, photo, file) for position, (photo, file) in enumerate(zip(photos, files, strict=True))
    )
    transaction.on_commit(lambda: queue.ring(job.pk, job.attempt), robust=True)


def _photo_row(job: Job, position: int, photo: CheckedPhoto, file: str) -> Photo:
    return Photo(
        job=job,
        position=position,
        file=file,
        original_name=photo.original_name,
        sha256=photo.sha256,
        size=len(photo.data),
        width=photo.width,
        height=photo.height,
        notes=list(photo.notes),
    )


def _check_limits(job: Job, incoming_bytes: int) -> None:
    """Jobs under way and room taken, counted under the owner's row lock. Raises Rejected."""
    owner = User.objects.select_for_update().get(pk=job.owner_id)
    if Job.objects.active().filter(owner=owner, deleted_at=None).count() >= settings.MAX_ACTIVE_JOBS:
        raise Rejected("too_many_active")
    quota.check(owner, incoming_bytes)


def rename(job: Job, title: str) -> None:
    """Give the job another title. Raises Rejected(`title_missing`)."""
    job.title = plain_title(title)
    if not job.title:
        raise Rejected("title_missing")
    Job.objects.filter(pk=job.pk).update(title=job.title, seq=next_seq())
    transaction.on_commit(lambda: notify.changed(job.pk), robust=True)


def cancel(job_id: UUID) -> bool:
    """Stop a job: at once while it waits, at the worker's next beat while it runs. False when it had ended."""
    return transitions.advance(job_id, State.CANCELLED, writer=Writer.WEB) or transitions.request_cancel(job_id)


def retry(job: Job) -> bool:
    """Send a failed or cancelled job to the queue once more; False when it is neither.

    Raises Rejected: `too_many_active`, `quota_exceeded`, or `source_missing` for a remix whose parent is gone.
    """
    if not job.photos.exists():
        artifacts.require_source(job.parent)
    with transaction.atomic():
        _check_limits(job, incoming_bytes=0)  # its photos are counted already
        attempt = job.attempt + 1
        if not transitions.advance(job.pk, State.QUEUED, writer=Writer.WEB, attempt=attempt):
            return False
        transaction.on_commit(lambda: queue.ring(job.pk, attempt), robust=True)
    return True


def delete(job_id: UUID) -> None:
    """The job is gone for everybody at once; its files and rows go as soon as no worker holds it."""
    cancel(job_id)
    Job.objects.filter(pk=job_id, deleted_at=None).update(deleted_at=timezone.now())
    purge(job_id)


def purge(job_id: UUID) -> bool:
    """Remove the files and rows of a deleted job; False while it is under way."""
    job = Job.objects.filter(pk=job_id).exclude(deleted_at=None).exclude(state=State.RUNNING).first()
    if job is None:
        return False
    storage.delete_tree(storage.job_folder(job_id))
    job.delete()
    tagging.forget_unused(job.owner_id)
    return True
