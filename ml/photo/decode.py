"""Stage `prepare`: the bytes that somebody sent become an upright sRGB picture, or a clear refusal.

Nothing of the file survives but its pixels: no EXIF, no place, no profile, no comment.
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
from ml.photo.file_format import check_structure, kind_of

MAX_PIXELS = 50_000_000
MIN_SIDE = 32
WORKING_SIDE = 2048
"""Longer side of an opened photo at most: the object ends in a frame of 512, so more would only cost time."""
DRAFT_SIDE = 1440
"""JPEGs are decoded at a half, quarter or eighth as long as the longer side stays above this."""

ANIMATED = "The picture is animated: its first frame was used."

_ORIENTATION = 0x0112
_CAN_MOVE = ("GIF", "PNG", "WEBP", "AVIF")
"""A JPEG or HEIC of several pictures is a stereo pair, a depth map or a burst: nothing that the user saw move."""
_MODES_16_BIT = ("I;16", "I;16B", "I;16L", "I;16N")

# A warning is not enough: a bomb has to stop before it is decoded.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Photo:
    """An upright picture: `pixels` (H, W, 3) or, with real transparency, (H, W, 4) uint8 sRGB, straight alpha.

    `original_size`: width and height of the upright original before it was made smaller.
    `notes`: sentences for the user.
    """

    pixels: NDArray[np.uint8]
    original_size: tuple[int, int]
    notes: tuple[str, ...] = ()


def open_photo(data: bytes, max_pixels: int = MAX_PIXELS) -> Photo:
    """Decode the whole picture, turn it upright, bring it to 8-bit sRGB of at most 2048 pixels a side.

    Raises ReconstructionError: `empty_file`, `unsupported_type`, `unreadable_image`, `too_large`, `too_small`,
    `out_of_memory`.
    """
    with _refusals(), _opened(data, max_pixels) as (kind, image):
        width, height = image.size
        notes = (ANIMATED,) if kind in _CAN_MOVE and getattr(image, "is_animated", False) else ()
        if kind == "JPEG":
            image.draft(image.mode, _fitted(image.size, DRAFT_SIDE))
        image.load()
        orientation = _orientation(image)
        small = _to_srgb(_to_working_size(image), image.info.get("icc_profile"))
        if orientation >= 5:
            width, height = height, width
        return Photo(np.asarray(_turned(small, orientation)), (width, height), notes)


@contextmanager
def _refusals() -> Iterator[None]:
    """Everything that Pillow is known to raise on hostile files, as the codes that a user can understand."""
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
    """The picture with its header read and checked, nothing decoded yet."""
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


def _fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8; 1 where there is none or where the metadata are garbage."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # metadata are not worth losing a photo for
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    image.info = {"exif": exif.tobytes()}
    return ImageOps.exif_transpose(image)


def _to_working_size(image: Image.Image) -> Image.Image:
    """8 bits a channel, then small: what is resized last costs least, what is 16 bit cannot be resized well."""
    plain = _without_palette(_to_8_bit(image))
    size = _fitted(plain.size, WORKING_SIDE)
    if size == plain.size:
        return plain
    return plain.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _to_8_bit(image: Image.Image) -> Image.Image:
    """The high byte of 16-bit grey: Pillow's own conversion would clip everything above 255 to white."""
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
    """RGB, or RGBA where a pixel really is transparent."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    opaque = image.convert("RGB") if image.mode == "RGBA" else image
    color = _by_profile(opaque, profile) or opaque.convert("RGB")
    if alpha is not None and alpha.getextrema()[0] != 255:
        color.putalpha(alpha)
    return color


def _by_profile(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Converted by the embedded ICC profile; None without one, or when it is broken or of another colour space."""
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return None
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
