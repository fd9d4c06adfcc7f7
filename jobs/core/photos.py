"""From uploaded bytes to what is stored: an upright picture without metadata, encoded by us."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from django.conf import settings
from PIL import Image

from ml.errors import ReconstructionError
from ml.notes import Note
from ml.photo.decode import open_photo
from ml.recipe import MAX_PHOTOS
from reconsite.core.errors import Rejected

JPEG_QUALITY = 95
"""With full chroma, no visible loss before the network sees the photo."""
PNG_COMPRESSION = 1
"""The fastest level: a request waits for it, and the file is read once."""

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
    notes: tuple[Note, ...]


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
    """Decode and re-encode. Raises ReconstructionError with the code and the message for the user."""
    check_size(len(data))
    photo = open_photo(data, max_pixels=settings.MAX_PIXELS)
    encoded, extension = _encode(Image.fromarray(photo.pixels))
    height, width = photo.pixels.shape[:2]
    digest = hashlib.sha256(data).hexdigest()
    return CheckedPhoto(encoded, extension, width, height, digest, display_name(name), photo.notes)


def check_size(size: int) -> None:
    """Reject a file of more than MAX_UPLOAD_BYTES. Raises ReconstructionError(`too_large`)."""
    if size > settings.MAX_UPLOAD_BYTES:
        limit = settings.MAX_UPLOAD_BYTES // (1024 * 1024)
        raise ReconstructionError("too_large", f"The photo is larger than {limit} MB. Reduce its size and try again.")


def display_name(name: str) -> str:
    """The file's name, safe to show: no folders, no control characters, at most NAME_LENGTH characters."""
    last = PurePath(name.replace("\\", "/")).name
    return "".join(character for character in last if character.isprintable())[:NAME_LENGTH]


def _encode(picture: Image.Image) -> tuple[bytes, str]:
    """JPEG for an opaque picture; PNG where transparency marks the object."""
    buffer = io.BytesIO()
    if picture.mode == "RGBA":
        picture.save(buffer, "PNG", compress_level=PNG_COMPRESSION)
        return buffer.getvalue(), "png"
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return buffer.getvalue(), "jpg"
