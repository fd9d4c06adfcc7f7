"""From uploaded bytes to what is stored: an upright picture without metadata, encoded by us."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django.conf import settings

from jobs.core.photo_processes import photo_processes
from ml.errors import ReconstructionError
from ml.recipe import MAX_PHOTOS
from reconsite.core.errors import Rejected

PHOTO_TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic", "image/heif", "image/gif", "image/avif")
"""Content types of photos that can be read, for clients to offer; what counts is the content of a file."""
NAME_LENGTH = 100
"""Characters of a file name; the column holds as many."""

Upload = tuple[bytes, str]
"""The bytes of a photo's file, and its name."""


@dataclass(frozen=True)
class CheckedPhoto:
    """A photo that passed every check; `data` is our own encoding of its pixels, `sha256` is of the upload."""

    data: bytes
    extension: str
    width: int
    height: int
    sha256: str
    original_name: str
    notes: tuple[dict[str, Any], ...]


def check_photos(uploads: Sequence[Upload]) -> list[CheckedPhoto]:
    """Check 1 to 5 photos, the main one first.

    Raises Rejected (none, or too many), or ReconstructionError; with several photos its message says which one.
    """
    if not uploads:
        raise Rejected("no_photo")
    if len(uploads) > MAX_PHOTOS:
        raise Rejected("too_many_photos")
    if len(uploads) == 1:
        return [check_photo(*uploads[0])]
    return [_check_one_of_several(number, *upload) for number, upload in enumerate(uploads, start=1)]


def _check_one_of_several(number: int, data: bytes, name: str) -> CheckedPhoto:
    try:
        return check_photo(data, name)
    except ReconstructionError as error:
        raise ReconstructionError(error.code, f"Photo {number}: {error.message}") from error


def check_photo(data: bytes, name: str) -> CheckedPhoto:
    """Decode and re-encode, in a process beside this one. Raises ReconstructionError, or Rejected(`photos_busy`)."""
    check_size(len(data))
    photo = photo_processes.decode(data)
    digest = hashlib.sha256(data).hexdigest()
    name = display_name(name)
    return CheckedPhoto(photo.data, photo.extension, photo.width, photo.height, digest, name, photo.notes)


def check_size(size: int) -> None:
    """Reject a file of more than MAX_UPLOAD_BYTES. Raises ReconstructionError(`too_large`)."""
    if size > settings.MAX_UPLOAD_BYTES:
        limit = settings.MAX_UPLOAD_BYTES // (1024 * 1024)
        raise ReconstructionError("too_large", f"The photo is larger than {limit} MB. Reduce its size and try again.")


def display_name(name: str) -> str:
    """The file's name, safe to show: no folders, no control characters, at most NAME_LENGTH characters."""
    last = PurePath(name.replace("\\", "/")).name
    return "".join(character for character in last if character.isprintable())[:NAME_LENGTH]
