"""What an owner can do with a job: submit, remix, rename, cancel, retry, delete. The same for pages and API."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from jobs.core import artifacts, notify, queue, quota, routing, search_text, storage, tagging, transitions
from jobs.core.photos import CheckedPhoto, Upload, check_photos
from jobs.core.transitions import Writer
from jobs.models import Job, JobEvent, Photo, State, changed
from ml.errors import ReconstructionError
from ml.recipe import Recipe
from reconsite.core.errors import Rejected
from reconsite.core.stored import StorageUnavailable

TITLE_LENGTH = IDEMPOTENCY_KEY_LENGTH = 100
"""Characters that the columns hold."""
BIN_LIFETIME = timedelta(days=7)
"""How long a deleted job can be restored: over a holiday weekend and back at work."""


@dataclass(frozen=True)
class Submission:
    """The job of a request; `created` is False when an earlier request with the same Idempotency-Key made it."""

    job: Job
    created: bool


def submit(
    owner: User,
    photos: Sequence[Upload],
    recipe: Recipe,
    *,
    title: str = "",
    idempotency_key: str = "",
    again: Job | None = None,
) -> Submission:
    """Check 1 to 5 photos of one object (the main one first), store them, save the job and enqueue it.

    With `again`, a job of the same owner, the new one is another version of that model. Raises ReconstructionError (a
    photo or the recipe is invalid) or Rejected (too many jobs, key used for another request, storage or quota full);
    then nothing is stored.
    """
    checked = check_photos(photos)
    if len(recipe.sides) > len(checked):
        raise ReconstructionError("invalid_recipe", "There are more sides than photos.")
    title = clean_title(title) or (again.title if again else _title_from(checked[0]))
    job = Job(owner=owner, title=title, recipe=recipe.to_dict())
    if again:
        job.family = again.family
    return _queue_once(job, checked, idempotency_key)


def remix(job: Job, recipe: Recipe, idempotency_key: str = "") -> Submission:
    """Make another result from a finished job's scene, as its child; no network runs, no photo is copied.

    The choices that shaped the scene are taken from the parent, whatever `recipe` says (`Recipe.with_scene_of`).
    Raises Rejected: `wrong_state`, `source_missing`, and those of `submit`.
    """
    if job.state != State.SUCCEEDED:
        raise Rejected("wrong_state", "Only a finished model can be made again.")
    artifacts.require_source(job)
    remix_recipe = recipe.with_scene_of(job.recipe_object())
    child = Job(owner=job.owner, parent=job, family=job.family, title=job.title, recipe=remix_recipe.to_dict())
    return _queue_once(child, (), idempotency_key)


def clean_title(title: str) -> str:
    """One line of printable characters, cut to TITLE_LENGTH."""
    return "".join(character for character in " ".join(title.split()) if character.isprintable())[:TITLE_LENGTH]


def _title_from(photo: CheckedPhoto) -> str:
    return os.path.splitext(photo.original_name)[0].replace("_", " ").strip() or "Untitled"  # noqa: PTH122 (a name)


def _queue_once(job: Job, photos: Sequence[CheckedPhoto], key: str) -> Submission:
    """Store and enqueue a new job, unless an earlier request had the same key."""
    job.idempotency_key = key or None
    job.size = sum(len(photo.data) for photo in photos)
    if earlier := _find_earlier(job, photos):
        return Submission(earlier, created=False)
    check_free_space()
    for name, value in routing.route(job.recipe, remix=not photos).items():
        setattr(job, name, value)
    try:
        _store(job, photos)
    except _SentBefore as sent:
        return Submission(sent.job, created=False)
    except IntegrityError:  # the same key arrived twice at once, and the other request was first
        winner = _find_earlier(job, photos)
        if winner is None:
            raise
        return Submission(winner, created=False)
    return Submission(job, created=True)


def _find_earlier(new: Job, photos: Sequence[CheckedPhoto]) -> Job | None:
    """The job of an earlier request with this key, None if the key is new. Raises Rejected if that request differed."""
    key = new.idempotency_key
    job = Job.objects.filter(owner=new.owner, idempotency_key=key).first() if key else None
    if job is None:
        return None
    same_photos = list(job.photos.values_list("sha256", flat=True)) == [photo.sha256 for photo in photos]
    same = same_photos and (job.recipe, job.parent_id) == (new.recipe, new.parent_id)
    if not same or job.deleted_at is not None:
        raise Rejected("idempotency_conflict")
    return job


def check_free_space() -> None:
    """Raises Rejected(`storage_full`)."""
    free = storage.free_bytes()
    if free is not None and free < settings.MIN_FREE_BYTES:
        raise Rejected("storage_full")


def _store(job: Job, photos: Sequence[CheckedPhoto]) -> None:
    """Photos to the storage, then all rows in one transaction; the files are deleted if the rows cannot be saved."""
    try:
        names = [_store_photo(job, position, photo) for position, photo in enumerate(photos)]
        _write_rows(job, photos, names)
    except OSError as error:
        _delete_files(job)
        raise storage_error(error) from error
    except BaseException:
        _delete_files(job)
        raise


def _delete_files(job: Job) -> None:
    with suppress(StorageUnavailable):  # the reconciler deletes what no row refers to
        storage.delete_tree(storage.job_folder(job.pk))


def _store_photo(job: Job, position: int, photo: CheckedPhoto) -> str:
    return storage.backend().save(storage.photo_key(job.pk, position, photo.extension), ContentFile(photo.data))


def storage_error(error: OSError) -> Exception:
    """A full disk as a rejection, any other error as it is."""
    return Rejected("storage_full") if error.errno in (errno.ENOSPC, errno.EDQUOT) else error


@transaction.atomic
def _write_rows(job: Job, photos: Sequence[CheckedPhoto], files: Sequence[str]) -> None:
    """The job, its photos and its first event, within the owner's limits. Raises Rejected, _SentBefore."""
    owner = _lock_owner(job)
    if earlier := _find_earlier(job, photos):  # before the limits: the same request at the same time
        raise _SentBefore(earlier)
    _check_limits(owner, incoming_bytes=job.size)
    job.version = 1 + (Job.objects.filter(family=job.family).aggregate(last=Max("version"))["last"] or 0)
    job.save(force_insert=True)
    search_text.write([job])
    JobEvent.objects.create(job=job, seq=0, kind="state", state=State.QUEUED)
    Photo.objects.bulk_create(
        _photo_row(job, position, photo, file) for position, (photo, file) in enumerate(zip(photos, files, strict=True))
    )
    transaction.on_commit(lambda: queue.enqueue(job.pk, job.attempt, name=job.queue), robust=True)
    transaction.on_commit(lambda: notify.job_changed(job.pk), robust=True)


def _photo_row(job: Job, position: int, photo: CheckedPhoto, file: str) -> Photo:
    return Photo(
        job=job,
        position=position,
        file=file,
        original_name=photo.original_name,
        sha256=photo.sha256,
        size=len(photo.data),
        file_sha256=hashlib.sha256(photo.data).hexdigest(),
        width=photo.width,
        height=photo.height,
        notes=list(photo.notes),
    )


class _SentBefore(Exception):
    """A request with the same Idempotency-Key was first; it made `job`."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job


def _lock_owner(job: Job) -> User:
    """The owner's row, locked: what is counted now stays true until the end of the transaction."""
    return User.objects.select_for_update().get(pk=job.owner_id)


def _check_limits(owner: User, incoming_bytes: int) -> None:
    """Active jobs and used storage of a locked owner. Raises Rejected."""
    if Job.objects.active().filter(owner=owner, deleted_at=None).count() >= settings.MAX_ACTIVE_JOBS:
        raise Rejected("too_many_active")
    quota.check(owner, incoming_bytes)


def rename(job: Job, title: str) -> None:
    """Give the job another title. Raises Rejected(`title_missing`)."""
    job.title = clean_title(title)
    if not job.title:
        raise Rejected("title_missing")
    with transaction.atomic():
        Job.objects.filter(pk=job.pk).update(title=job.title, **changed())
        search_text.write([job])
    transaction.on_commit(lambda: notify.job_changed(job.pk), robust=True)


def cancel(job_id: UUID) -> bool:
    """Cancel a job: at once while queued, at the worker's next heartbeat while running. False when it had ended."""
    return transitions.advance(job_id, State.CANCELLED, writer=Writer.WEB) or transitions.request_cancel(job_id)


def retry(job: Job, recipe: Recipe | None = None) -> bool:
    """Enqueue a failed or cancelled job again, with another recipe if there is one; False when it is neither.

    A remix keeps the choices that shaped its scene, whatever `recipe` says. Raises ReconstructionError (more sides than
    photos) or Rejected: `too_many_active`, `quota_exceeded`, or `source_missing` for a remix whose parent is gone.
    """
    recipe = _retry_recipe(job, recipe or job.recipe_object())
    route = routing.route(recipe.to_dict(), remix=not job.photos.exists())
    with transaction.atomic():
        _check_limits(_lock_owner(job), incoming_bytes=0)  # its photos are counted already
        attempt = job.attempt + 1
        fresh: dict[str, Any] = {"attempt": attempt, "run": 1, "restarts": 0, "low_memory": False}
        fresh |= {"recipe": recipe.to_dict(), **route}
        if not transitions.advance(job.pk, State.QUEUED, writer=Writer.WEB, **fresh):
            return False
        transaction.on_commit(lambda: queue.enqueue(job.pk, attempt, name=route["queue"]), robust=True)
    return True


def _retry_recipe(job: Job, recipe: Recipe) -> Recipe:
    photos = job.photos.count()
    if not photos:
        artifacts.require_source(job.parent)
        return recipe.with_scene_of(job.recipe_object())
    if len(recipe.sides) > photos:
        raise ReconstructionError("invalid_recipe", "There are more sides than photos.")
    return recipe


def discard(job_id: UUID) -> None:
    """Move the job to its owner's bin: it disappears for everyone at once, an active one is cancelled."""
    cancel(job_id)
    now = timezone.now()
    Job.objects.filter(pk=job_id, deleted_at=None).update(deleted_at=now, purge_at=now + BIN_LIFETIME, **changed())
    transaction.on_commit(lambda: notify.job_changed(job_id), robust=True)


def restore(job_id: UUID) -> bool:
    """Take the job out of the bin as it was, shared and published too; False if it is not there any more."""
    restored = Job.objects.in_bin().filter(pk=job_id).update(deleted_at=None, purge_at=None, **changed())
    transaction.on_commit(lambda: notify.job_changed(job_id), robust=True)
    return bool(restored)


def delete(job_id: UUID) -> None:
    """Delete for good, also from the bin: gone for everyone at once, files and rows as soon as no worker runs it."""
    cancel(job_id)
    Job.objects.filter(pk=job_id, deleted_at=None).update(deleted_at=timezone.now())
    Job.objects.filter(pk=job_id).update(purge_at=None)
    with suppress(StorageUnavailable):  # the reconciler purges it
        purge(job_id)


def purge(job_id: UUID) -> bool:
    """Remove the files and rows of a job that is deleted for good; False while it is running."""
    job = Job.objects.to_purge().filter(pk=job_id).first()
    if job is None:
        return False
    storage.delete_tree(storage.job_folder(job_id))
    job.delete()
    tagging.delete_unused(job.owner_id)
    return True
