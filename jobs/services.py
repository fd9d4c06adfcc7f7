"""The verbs: submit, cancel, retry, delete, hide, unhide. Pages, API and admin call the same ones."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from jobs import queue, storage, transitions
from jobs.failures import Refused
from jobs.models import Job, JobEvent, Photo, State
from jobs.photos import CheckedPhoto, check_photo
from jobs.transitions import Writer
from ml.recipe import Recipe


@dataclass(frozen=True)
class Submission:
    """What came of a submit; `created` is False when the Idempotency-Key had made this job before."""

    job: Job
    created: bool


def submit(
    owner: User, data: bytes, name: str, recipe: Recipe, *, title: str = "", idempotency_key: str = ""
) -> Submission:
    """Check the photo, store it, write the job and ring for a worker.

    Raises ReconstructionError (the picture is bad) or Refused (too many jobs, key used for something else,
    no room); then nothing is stored.
    """
    photo = check_photo(data, name)
    if earlier := _earlier(owner, idempotency_key, photo, recipe):
        return Submission(earlier, created=False)
    _check_room()
    job = Job(owner=owner, title=title.strip()[:100] or _title_from(photo), recipe=recipe.to_dict())
    job.idempotency_key = idempotency_key or None
    try:
        _store(job, photo)
    except IntegrityError:  # the same key arrived twice at the same moment, and the other one won
        winner = _earlier(owner, idempotency_key, photo, recipe)
        if winner is None:
            raise
        return Submission(winner, created=False)
    return Submission(job, created=True)


def _title_from(photo: CheckedPhoto) -> str:
    return os.path.splitext(photo.original_name)[0].replace("_", " ").strip() or "Untitled"  # noqa: PTH122 (a name)


def _earlier(owner: User, key: str, photo: CheckedPhoto, recipe: Recipe) -> Job | None:
    """The job that this key made, None if it is new. Raises Refused when it stood for something else."""
    job = Job.objects.filter(owner=owner, idempotency_key=key).first() if key else None
    if job is None:
        return None
    same_photo = job.photos.filter(sha256=photo.sha256).exists()
    if not same_photo or job.recipe != recipe.to_dict() or job.deleted_at is not None:
        raise Refused("idempotency_conflict")
    return job


def _check_room() -> None:
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(settings.MEDIA_ROOT).free < settings.MIN_FREE_BYTES:
        raise Refused("storage_full")


def _store(job: Job, photo: CheckedPhoto) -> None:
    """Photo to the storage, then all rows in one transaction; the file goes again when the rows do not come."""
    try:
        name = default_storage.save(storage.photo_key(job.pk, photo.extension), ContentFile(photo.data))
    except OSError as error:
        storage.delete_tree(storage.job_folder(job.pk))
        raise _room_or(error) from error
    try:
        _write_rows(job, photo, name)
    except BaseException:
        storage.delete_tree(storage.job_folder(job.pk))
        raise


def _room_or(error: OSError) -> Exception:
    return Refused("storage_full") if error.errno in (errno.ENOSPC, errno.EDQUOT) else error


@transaction.atomic
def _write_rows(job: Job, photo: CheckedPhoto, file: str) -> None:
    """The job, its photo and its first event; the quota is counted under the owner's row lock."""
    User.objects.select_for_update().get(pk=job.owner_id)
    if Job.objects.active().filter(owner=job.owner_id, deleted_at=None).count() >= settings.MAX_ACTIVE_JOBS:
        raise Refused("too_many_active")
    job.save(force_insert=True)
    JobEvent.objects.create(job=job, seq=0, kind="state", state=State.QUEUED)
    Photo.objects.create(
        job=job,
        file=file,
        original_name=photo.original_name,
        sha256=photo.sha256,
        size=len(photo.data),
        width=photo.width,
        height=photo.height,
        notes=list(photo.notes),
    )
    transaction.on_commit(lambda: queue.ring(job.pk, job.attempt), robust=True)


def cancel(job_id: UUID) -> bool:
    """Stop a job: at once while it waits, at the worker's next beat while it runs. False when it had ended."""
    return transitions.advance(job_id, State.CANCELLED, writer=Writer.WEB) or transitions.request_cancel(job_id)


def retry(job: Job) -> bool:
    """Send a failed or cancelled job to the queue once more; False when it is neither.

    Raises Refused(`too_many_active`) when the owner has enough under way.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=job.owner_id)
        if Job.objects.active().filter(owner=job.owner_id, deleted_at=None).count() >= settings.MAX_ACTIVE_JOBS:
            raise Refused("too_many_active")
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
    return True


def hide(job_id: UUID) -> bool:
    """A moderator takes a job out of everybody's sight; False when it was."""
    return bool(Job.objects.filter(pk=job_id, hidden_at=None).update(hidden_at=timezone.now()))


def unhide(job_id: UUID) -> bool:
    """The owner sees the job again; False when it was not hidden."""
    return bool(Job.objects.filter(pk=job_id).exclude(hidden_at=None).update(hidden_at=None))
