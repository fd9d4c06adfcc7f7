"""A quick cutout to look at before the job, at most 1024 pixels a side, with advice on the photo. Loads no torch."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.core.images import WHITE, composite
from ml.cutout_options import CutoutOptions
from ml.notes import Note
from ml.photo import cutout
from ml.photo.decode import MAX_PIXELS, Photo, open_photo

SIDE = 1024
"""Maximum side of both pictures in pixels: enough to judge the silhouette, and fast."""
JPEG_QUALITY = 88
"""Of the photo behind the cutout: no visible artefacts."""
PNG_COMPRESSION = 3
"""zlib level of the cutout: speed matters more than the last few bytes."""
DEFAULT_OPTIONS = CutoutOptions()


@dataclass(frozen=True)
class CutoutPreview:
    """`photo`: JPEG of the upright picture. `cutout`: PNG of the same size, transparent outside the object.

    `size`: width and height of both. `original_size`: those of the upright original. `method` and `notes`: see
    `ml.photo.cutout.Cutout`.
    """

    photo: bytes
    cutout: bytes
    size: tuple[int, int]
    original_size: tuple[int, int]
    method: str
    notes: tuple[Note, ...]

    @property
    def scale(self) -> float:
        """Preview pixels per original pixel, at most 1."""
        return max(self.size) / max(self.original_size)


def preview_cutout(
    data: bytes, max_pixels: int = MAX_PIXELS, options: CutoutOptions = DEFAULT_OPTIONS
) -> CutoutPreview:
    """Cut out the object of an encoded photo. Raises ReconstructionError as `open_photo` and `cutout.find` do."""
    return preview_of(open_small(data, max_pixels), options)


def open_small(data: bytes, max_pixels: int = MAX_PIXELS) -> Photo:
    """The photo, downscaled: whatever a file may cost, it costs here. Raises as `open_photo`."""
    return _downscaled(open_photo(data, max_pixels))


def preview_of(photo: Photo, options: CutoutOptions = DEFAULT_OPTIONS) -> CutoutPreview:
    """Cut out the object of a downscaled photo. Raises ReconstructionError as `cutout.find`."""
    mask, method, notes = cutout.find(
        photo, remove_background=options.remove_background, mask=options.mask, subject=options.subject
    )
    height, width = mask.shape
    return CutoutPreview(
        photo=_encoded(Image.fromarray(composite(photo.pixels, WHITE)), "JPEG", quality=JPEG_QUALITY),
        cutout=_encoded(_masked(photo.pixels[..., :3], mask), "PNG", compress_level=PNG_COMPRESSION),
        size=(width, height),
        original_size=photo.original_size,
        method=method,
        notes=(*photo.notes, *notes),
    )


def _downscaled(photo: Photo) -> Photo:
    picture = Image.fromarray(photo.pixels)
    picture.thumbnail((SIDE, SIDE), reducing_gap=2.0)
    return replace(photo, pixels=np.asarray(picture))


def _masked(color: NDArray[np.uint8], mask: NDArray[np.float32]) -> Image.Image:
    """RGBA; fully transparent pixels are black, which compresses well."""
    opacity = (mask * 255.0).round().astype(np.uint8)
    visible = np.where(opacity[..., None] > 0, color, np.uint8(0))
    return Image.fromarray(np.dstack([visible, opacity]))


def _encoded(picture: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()
