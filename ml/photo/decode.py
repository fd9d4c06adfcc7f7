"""Stage `prepare`: decode an uploaded file to an upright sRGB picture, or reject it with a clear error.

Only the pixels are kept: no EXIF data, no location, no profile, no comment.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from ml.errors import ReconstructionError
from ml.notes import Note, note
from ml.photo.file_format import check_structure, kind_of

MAX_PIXELS = 50_000_000
"""Width times height. Decoding takes 3 to 4 bytes for each."""
MIN_SIDE = 32
"""Shorter side in pixels: no object is recognisable in less."""
WORKING_SIDE = 2048
"""Maximum longer side of a decoded photo: the object ends up in a frame of 512, so more would only cost time."""
DRAFT_SIDE = 1440
"""JPEGs are decoded at 1/2, 1/4 or 1/8 of their size if that leaves a longer side of at least this."""

_ORIENTATION = 0x0112
"""The EXIF tag."""
_SIDEWAYS = 5
"""EXIF orientations from this value on swap width and height."""
_ANIMATED_FORMATS = ("GIF", "PNG", "WEBP", "AVIF")
"""A JPEG or HEIC with several pictures is a stereo pair, a depth map or a burst, not an animation."""
_MODES_16_BIT = ("I;16", "I;16B", "I;16L", "I;16N")

# A decompression bomb must be rejected before it is decoded, so Pillow's warning is made an error.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Photo:
    """An upright picture: `pixels` (H, W, 3) or, if any pixel is transparent, (H, W, 4) uint8 sRGB, straight alpha.

    `original_size`: width and height of the upright original, before downscaling.
    `notes`: on the file, for the user.
    """

    pixels: NDArray[np.uint8]
    original_size: tuple[int, int]
    notes: tuple[Note, ...] = ()


def open_photo(data: bytes, max_pixels: int = MAX_PIXELS) -> Photo:
    """Decode a picture, rotate it upright, and convert it to 8-bit sRGB of at most 2048 pixels a side.

    Raises ReconstructionError: `empty_file`, `unsupported_type`, `unreadable_image`, `too_large`, `too_small`,
    `out_of_memory`.
    """
    with _translated_errors(), _opened(data, max_pixels) as (kind, image):
        width, height = image.size
        notes = (note("animated"),) if kind in _ANIMATED_FORMATS and getattr(image, "is_animated", False) else ()
        if kind == "JPEG":
            image.draft(image.mode, _fit(image.size, DRAFT_SIDE))
        image.load()
        orientation = _orientation(image)
        small = _to_srgb(_to_working_size(image), image.info.get("icc_profile"))
        if orientation >= _SIDEWAYS:
            width, height = height, width
        return Photo(np.asarray(_rotate(small, orientation)), (width, height), notes)


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Turns everything that Pillow is known to raise on hostile files into a ReconstructionError."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ReconstructionError("too_large") from error
    except MemoryError as error:
        raise ReconstructionError("out_of_memory") from error
    except (OSError, ValueError, SyntaxError, EOFError, ArithmeticError, LookupError, struct.error) as error:
        raise ReconstructionError("unreadable_image") from error
    except (TypeError, AttributeError, RuntimeError, AssertionError) as error:
        raise ReconstructionError("unreadable_image") from error


@contextmanager
def _opened(data: bytes, max_pixels: int) -> Iterator[tuple[str, Image.Image]]:
    """The format and the picture, its header read and checked, no pixel decoded yet."""
    kind = kind_of(data)
    check_structure(data, kind)
    if kind == "HEIF":
        from pillow_heif import register_heif_opener

        register_heif_opener(thumbnails=False)
    with Image.open(io.BytesIO(data), formats=(kind,)) as image:
        if image.width * image.height > max_pixels:
            raise ReconstructionError("too_large")
        if min(image.size) < MIN_SIDE:
            raise ReconstructionError("too_small")
        yield kind, image


def _fit(size: tuple[int, int], side: int) -> tuple[int, int]:
    """`size` scaled down, if necessary, to a longer side of `side`."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 if there is none or the metadata are corrupt."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # corrupt metadata are no reason to reject a photo
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _rotate(image: Image.Image, orientation: int) -> Image.Image:
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    image.info = {"exif": exif.tobytes()}
    return ImageOps.exif_transpose(image)


def _to_working_size(image: Image.Image) -> Image.Image:
    """Convert to 8 bits per channel, then downscale: Pillow cannot resize 16-bit pictures well."""
    plain = _without_palette(_to_8_bit(image))
    size = _fit(plain.size, WORKING_SIDE)
    if size == plain.size:
        return plain
    return plain.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Keep the high byte of 16-bit grey: Pillow's own conversion clips everything above 255 to white."""
    if image.mode in _MODES_16_BIT:
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode == "I":
        return Image.fromarray((np.asarray(image).clip(0, 65535) >> 8).astype(np.uint8))
    return image


def _without_palette(image: Image.Image) -> Image.Image:
    if image.mode == "RGBA":
        return image
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode in ("RGB", "CMYK", "L"):
        return image
    return image.convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB, or RGBA if any pixel is transparent."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    opaque = image.convert("RGB") if image.mode == "RGBA" else image
    color = _apply_profile(opaque, profile) or opaque.convert("RGB")
    if alpha is not None and alpha.getextrema()[0] != 255:
        color.putalpha(alpha)
    return color


def _apply_profile(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Convert with the embedded ICC profile; None without one, or if it is corrupt or for another colour space."""
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return None
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
