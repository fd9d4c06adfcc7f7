"""Stage `prepare`: decode an uploaded file to an upright sRGB picture, or reject it with a clear error.

Only the pixels are kept: no EXIF data, no location, no profile, no comment.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ml.errors import ReconstructionError
from ml.notes import Note, note
from ml.photo.color import ColorSpace, to_srgb
from ml.photo.file_format import check_structure, kind_of
from ml.photo.iso_boxes import stated_color, with_known_brand
from ml.photo.jpeg_file import is_whole, missing_rows, repair_jpeg, without_side_segments
from ml.photo.png_file import read_png, repair_png

MAX_PIXELS = 50_000_000
"""Width times height. Decoding takes 3 to 4 bytes for each."""
MIN_SIDE = 32
"""Shorter side in pixels: no object is recognisable in less."""
WORKING_SIDE = 2048
"""Maximum longer side of a decoded photo: the object ends up in a frame of 512, so more would only cost time."""
DRAFT_SIDE = 1440
"""JPEGs are decoded at 1/2, 1/4 or 1/8 of their size if that leaves a longer side of at least this."""

MIN_INTACT = 0.95
"""Fraction of a damaged picture's rows that must be intact."""

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
    with _translated_errors():
        file = _read_file(data)
        try:
            return _decode(file, max_pixels)
        except ReconstructionError as error:
            if error.code != "unreadable_image":
                raise
        return _decode(_repair(file), max_pixels)


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


@dataclass(frozen=True)
class _File:
    """An uploaded file as Pillow is to read it, and what Pillow would not tell.

    `profile` and `color`: the colour space where the container states it.
    `whole`: no damage is known. `repaired`: the end of the picture may be missing.
    """

    data: bytes
    kind: str
    profile: bytes | None = None
    color: ColorSpace | None = None
    animated: bool = False
    whole: bool = True
    repaired: bool = False


def _read_file(data: bytes) -> _File:
    """The file without side data that could be broken or huge. No pixel is decoded."""
    kind = kind_of(data)
    check_structure(data, kind)
    if kind == "PNG":
        png = read_png(data)
        return _File(png.data, kind, png.profile, png.color, png.animated, png.whole)
    if kind == "JPEG":
        return _File(without_side_segments(data), kind, whole=is_whole(data))
    if kind in ("AVIF", "HEIF"):
        return _File(with_known_brand(data, kind), kind, color=stated_color(data))
    return _File(data, kind)


def _repair(file: _File) -> _File:
    """What is intact of a damaged JPEG or PNG. Raises ReconstructionError(`unreadable_image`)."""
    if file.kind == "JPEG":
        return replace(file, data=repair_jpeg(file.data), whole=True, repaired=True)
    if file.kind == "PNG":
        data, fraction = repair_png(file.data)
        if fraction >= MIN_INTACT:
            return replace(file, data=data, whole=True, repaired=fraction < 1.0)
    raise ReconstructionError("unreadable_image")


def _decode(file: _File, max_pixels: int) -> Photo:
    with _translated_errors(), _opened(file, max_pixels) as image:
        notes: list[Note] = []
        size = image.size
        if file.animated or (file.kind in _ANIMATED_FORMATS and getattr(image, "is_animated", False)):
            notes.append(note("animated"))
        if file.kind == "JPEG":
            image.draft(image.mode, _fit(image.size, DRAFT_SIDE))
        image.load()
        if file.repaired:
            image, size = _without_missing_rows(file, image, size)
            notes.append(note("damaged"))
        orientation, profile = _orientation(image), file.profile or image.info.get("icc_profile")
        small = _to_srgb(_to_working_size(image), profile, file.color)
        if orientation >= _SIDEWAYS:
            size = (size[1], size[0])
        return Photo(np.asarray(_rotate(small, orientation)), size, tuple(notes))


@contextmanager
def _opened(file: _File, max_pixels: int) -> Iterator[Image.Image]:
    """The picture, its header read and checked, no pixel decoded yet."""
    if file.kind == "HEIF":
        from pillow_heif import register_heif_opener

        register_heif_opener(thumbnails=False)
    with Image.open(io.BytesIO(file.data), formats=(file.kind,)) as image:
        if image.width * image.height > max_pixels:
            raise ReconstructionError("too_large")
        if min(image.size) < MIN_SIDE:
            raise ReconstructionError("too_small")
        if not file.whole:
            raise ReconstructionError("unreadable_image")
        yield image


def _without_missing_rows(
    file: _File, image: Image.Image, size: tuple[int, int]
) -> tuple[Image.Image, tuple[int, int]]:
    """The rows of a repaired picture that are there, and its full size without the others."""
    if file.kind != "JPEG":
        return image, size
    missing = missing_rows(np.asarray(image), image.height / size[1])
    if missing > (1.0 - MIN_INTACT) * image.height:
        raise ReconstructionError("unreadable_image")
    intact = image.crop((0, 0, image.width, image.height - missing))
    intact.info = image.info
    return intact, (size[0], round(size[1] * intact.height / image.height))


def _fit(size: tuple[int, int], side: int) -> tuple[int, int]:
    """`size` scaled down, if necessary, to a longer side of `side`."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 if there is none or the metadata are corrupt.

    XMP does not count: browsers and phones ignore it, and programs that turn the pixels often leave it behind.
    """
    image.info.pop("xmp", None)
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
    if image.mode not in (*_MODES_16_BIT, "I"):
        return image
    values = np.asarray(image).clip(0, 65535)
    grey = Image.fromarray((values >> 8).astype(np.uint8))
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey.putalpha(Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8)))
    return grey


def _without_palette(image: Image.Image) -> Image.Image:
    if image.mode == "RGBA":
        return image
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode in ("RGB", "CMYK", "L"):
        return image
    return image.convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes | None, space: ColorSpace | None) -> Image.Image:
    """RGB, or RGBA if any pixel is transparent."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    color = to_srgb(image.convert("RGB") if image.mode == "RGBA" else image, profile, space)
    if alpha is not None and alpha.getextrema()[0] != 255:
        color.putalpha(alpha)
    return color
