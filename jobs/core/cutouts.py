"""Cutouts that an app looks at, and may edit, before it creates a job with them; they are kept for an hour."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from accounts.models import User
from jobs.core import storage
from jobs.core.photo_processes import photo_processes
from jobs.core.photos import CheckedPhoto, Upload, check_size
from jobs.core.services import check_free_space
from jobs.models import Cutout
from reconsite.core.errors import Rejected

LIFETIME = timedelta(hours=1)
"""Long enough to edit a mask, short enough that what nobody uses is gone soon."""
MAX_CUTOUTS = 20
"""Cutouts that are kept for one person; another one replaces the oldest."""
PICTURE, BACKGROUND = "cutout.png", "photo.jpg"
"""The object with transparency around it, and the whole photo, both of the preview's size."""
EDITED = {"remove_background": True, "mask": "alpha", "subject": ()}
"""Settings of a job with an edited cutout: its transparency is the mask."""


def store(owner: User, photo: CheckedPhoto, preview: dict[str, bytes], details: dict[str, Any], options: Any) -> Cutout:
    """Keep a photo with its cutout. `preview`: the bytes of PICTURE and BACKGROUND. Raises Rejected(`storage_full`)."""
    check_free_space()
    for oldest in owner.cutouts.order_by("-created_at")[MAX_CUTOUTS - 1 :]:
        delete(oldest)
    cutout = Cutout(owner=owner, original_name=photo.original_name, extension=photo.extension)
    cutout.details, cutout.options, cutout.expires_at = details, options, timezone.now() + LIFETIME
    for name, data in {**preview, _stored_photo(cutout): photo.data}.items():
        storage.backend().save(_key(cutout, name), ContentFile(data))
    cutout.save(force_insert=True)
    return cutout


def find(owner: User, cutout_id: UUID) -> Cutout | None:
    """The owner's cutout; None if there is none, or it has expired."""
    return Cutout.objects.filter(owner=owner, pk=cutout_id, expires_at__gt=timezone.now()).first()


def get(owner: User, cutout_id: UUID) -> Cutout:
    """The same for use in a job. Raises Rejected(`cutout_missing`)."""
    cutout = find(owner, cutout_id)
    if cutout is None:
        raise Rejected("cutout_missing")
    return cutout


def read(cutout: Cutout, name: str) -> bytes:
    """The bytes of PICTURE or BACKGROUND. Raises Rejected(`cutout_missing`)."""
    try:
        with storage.backend().open(_key(cutout, name)) as file:
            return bytes(file.read())
    except FileNotFoundError as error:
        raise Rejected("cutout_missing") from error


def set_mask(cutout: Cutout, data: bytes) -> None:
    """Replace the transparency by a picture of the same size: its own transparency, or its brightness without any.

    Raises ReconstructionError (no picture) or Rejected: `mask_size`, `photos_busy`.
    """
    check_size(len(data))
    mask = Image.open(io.BytesIO(photo_processes.decode(data).data))  # our own encoding: what was sent is not opened
    mask.load()
    background = Image.open(io.BytesIO(read(cutout, BACKGROUND))).convert("RGB")
    if mask.size != background.size:
        raise Rejected("mask_size")
    background.putalpha(mask.getchannel("A") if "A" in mask.getbands() else mask.convert("L"))
    buffer = io.BytesIO()
    background.save(buffer, "PNG")
    storage.backend().delete(_key(cutout, PICTURE))
    storage.backend().save(_key(cutout, PICTURE), ContentFile(buffer.getvalue()))
    cutout.is_edited = True
    cutout.save(update_fields=["is_edited"])


def material(cutout: Cutout) -> tuple[Upload, dict[str, Any]]:
    """The main photo of a job, and the settings that give this cutout.

    Not edited, it is the whole photo, which is cut out again in the same way; edited, it is the picture with its mask.
    """
    if cutout.is_edited:
        return (read(cutout, PICTURE), cutout.original_name), EDITED
    settings = {name: tuple(value) if isinstance(value, list) else value for name, value in cutout.options.items()}
    return (read(cutout, _stored_photo(cutout)), cutout.original_name), settings


def delete(cutout: Cutout) -> None:
    """Delete the files and the row."""
    storage.delete_tree(storage.cutout_folder(cutout.pk))
    cutout.delete()


def delete_all_of(owner: User) -> None:
    """Delete every cutout of a person."""
    for cutout in owner.cutouts.all():
        delete(cutout)


def delete_expired() -> int:
    """For the reconciler; returns how many."""
    expired = list(Cutout.objects.filter(expires_at__lte=timezone.now()))
    for cutout in expired:
        delete(cutout)
    return len(expired)


def _stored_photo(cutout: Cutout) -> str:
    return f"original.{cutout.extension}"


def _key(cutout: Cutout, name: str) -> str:
    return f"{storage.cutout_folder(cutout.pk)}/{name}"
