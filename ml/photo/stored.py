"""A photo as it is stored: decoded, upright, and encoded anew, so that nothing of the upload's bytes remains."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from ml.notes import Note
from ml.photo.decode import open_photo

JPEG_QUALITY = 95
"""With full chroma, no visible loss before the network sees the photo."""
PNG_COMPRESSION = 1
"""The fastest level: a request waits for it, and the file is read once."""


@dataclass(frozen=True)
class StoredPhoto:
    """`data`: JPEG, or PNG where transparency marks the object. `width`, `height`: of that picture."""

    data: bytes
    extension: str
    width: int
    height: int
    notes: tuple[Note, ...]


def encode_anew(data: bytes, max_pixels: int) -> StoredPhoto:
    """Decode and encode. Raises ReconstructionError as `open_photo` does."""
    photo = open_photo(data, max_pixels=max_pixels)
    height, width = photo.pixels.shape[:2]
    encoded, extension = _encode(Image.fromarray(photo.pixels))
    return StoredPhoto(encoded, extension, width, height, photo.notes)


def _encode(picture: Image.Image) -> tuple[bytes, str]:
    buffer = io.BytesIO()
    if picture.mode == "RGBA":
        picture.save(buffer, "PNG", compress_level=PNG_COMPRESSION)
        return buffer.getvalue(), "png"
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return buffer.getvalue(), "jpg"
