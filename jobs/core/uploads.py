"""Photos that arrive in parts over bad networks, to be used in a job or a cutout once they are complete."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from jobs.core import quota, storage
from jobs.core.photos import Upload as Photo
from jobs.core.photos import check_size, display_name
from jobs.core.services import check_free_space, storage_error
from jobs.models import Upload
from ml.errors import ReconstructionError
from reconsite.core.errors import Rejected

LIFETIME = timedelta(days=1)
"""After the last part: a phone that slept overnight can still continue."""
USED_LIFETIME = timedelta(minutes=10)
"""After the use in a job or cutout, so that a request whose response was lost can be repeated."""
MAX_UPLOADS = 20
"""Uploads that are kept for one person; another one replaces the oldest."""
PART_BYTES = 1_000_000
"""Recommended size of a part. daphne hands a request over when it is complete: a part that is cut is sent again."""
MAX_PARTS = 1000
"""Of one upload: each is a file until the upload is deleted."""
CHECKSUMS = ("sha1", "sha256")
"""Of the protocol's extension `checksum`, which requires sha1. They find faults of a network, not forgeries."""


def create(owner: User, length: int, name: str) -> Upload:
    """Begin an upload of exactly `length` bytes.

    Raises ReconstructionError (`empty_file`, `too_large`) or Rejected (`quota_exceeded`, `storage_full`).
    """
    if length == 0:
        raise ReconstructionError("empty_file")
    check_size(length)
    check_free_space()
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=owner.pk)
        for oldest in locked.uploads.order_by("-created_at")[MAX_UPLOADS - 1 :]:
            delete(oldest)
        announced = locked.uploads.aggregate(bytes=Sum("length", default=0))["bytes"]
        quota.check(locked, announced + length)
        return Upload.objects.create(
            owner=owner, length=length, original_name=display_name(name), expires_at=timezone.now() + LIFETIME
        )


def find(owner: User, upload_id: UUID) -> Upload | None:
    """The owner's upload; None if there is none, or it has expired."""
    return Upload.objects.filter(owner=owner, pk=upload_id, expires_at__gt=timezone.now()).first()


def append(upload: Upload, offset: int, data: bytes, checksum: str = "") -> Upload:
    """Add a part that begins at `offset`; the upload with its new offset and time.

    Raises Rejected: `offset_conflict` (something else was added meanwhile), `too_large` (more than announced),
    `checksum_mismatch`, `checksum_unknown`, `storage_full`.
    """
    _check_sum(checksum, data)
    _check_part(upload, offset, len(data))
    part = f"{offset}-{uuid4()}"
    try:
        storage.backend().save(_key(upload, part), ContentFile(data))
    except OSError as error:
        raise storage_error(error) from error
    changes = {"offset": offset + len(data), "parts": [*upload.parts, part], "expires_at": timezone.now() + LIFETIME}
    if not Upload.objects.filter(pk=upload.pk, offset=offset).update(**changes):
        storage.backend().delete(_key(upload, part))  # another request added the same part, or the upload was deleted
        raise Rejected("offset_conflict")
    upload.refresh_from_db()
    return upload


def _check_part(upload: Upload, offset: int, size: int) -> None:
    if offset != upload.offset:
        raise Rejected("offset_conflict", f"The next byte is number {upload.offset}. Continue there.")
    if offset + size > upload.length:
        raise Rejected("too_large", "This is more than the announced length. Begin another upload.")
    if len(upload.parts) >= MAX_PARTS:
        raise Rejected("too_large", f"An upload has at most {MAX_PARTS} parts. Begin another one with larger parts.")


def _check_sum(checksum: str, data: bytes) -> None:
    """`checksum`: an algorithm and the base64 of its digest; empty without one."""
    if not checksum:
        return
    name, _, encoded = checksum.partition(" ")
    if name not in CHECKSUMS:
        raise Rejected("checksum_unknown")
    try:
        expected = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise Rejected("checksum_unknown") from error
    if not hmac.compare_digest(hashlib.new(name, data, usedforsecurity=False).digest(), expected):
        raise Rejected("checksum_mismatch")


def photos(owner: User, upload_ids: Iterable[UUID]) -> list[Photo]:
    """The contents of complete uploads, in this order. Raises Rejected(`upload_missing`, `upload_incomplete`)."""
    return [_content(find(owner, upload_id)) for upload_id in upload_ids]


def _content(upload: Upload | None) -> Photo:
    if upload is None:
        raise Rejected("upload_missing")
    if not upload.is_complete:
        raise Rejected("upload_incomplete")
    try:
        return b"".join(_read(upload, part) for part in upload.parts), upload.original_name
    except FileNotFoundError as error:
        raise Rejected("upload_missing") from error


def mark_used(upload_ids: Iterable[UUID]) -> None:
    """They are in a job or a cutout, and expire soon."""
    soon = timezone.now() + USED_LIFETIME
    Upload.objects.filter(pk__in=list(upload_ids), expires_at__gt=soon).update(expires_at=soon)


def delete(upload: Upload) -> None:
    """Delete the file and the row."""
    storage.delete_tree(storage.upload_folder(upload.pk))
    upload.delete()


def delete_all_of(owner: User) -> None:
    """Delete every upload of a person."""
    for upload in owner.uploads.all():
        delete(upload)


def delete_expired(now: datetime | None = None) -> int:
    """For the reconciler; returns how many."""
    expired = list(Upload.objects.filter(expires_at__lte=now or timezone.now()))
    for upload in expired:
        delete(upload)
    return len(expired)


def _read(upload: Upload, part: str) -> bytes:
    with storage.backend().open(_key(upload, part)) as file:
        return bytes(file.read())


def _key(upload: Upload, part: str) -> str:
    return f"{storage.upload_folder(upload.pk)}/{part}"
