"""How much memory decoding a photo will take, from its header alone."""

from __future__ import annotations

import io
import struct

from PIL import Image

from ml.errors import ReconstructionError
from ml.photo.file_format import kind_of

_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples per pixel of each colour type (PNG specification, table 11.1)."""
_DECODED_BYTES = 4
"""Pillow keeps a pixel of RGB, RGBA or CMYK in four bytes."""


def check_budget(data: bytes, max_bytes: int) -> None:
    """Raises ReconstructionError(`too_large`) if decoding would take more than `max_bytes`."""
    if decoding_bytes(data) > max_bytes:
        raise ReconstructionError("too_large")


def decoding_bytes(data: bytes) -> float:
    """Pixels times depth: the samples as the file has them, twice (decoder and copy), and the picture of 8 bits.

    0 if the header cannot be read: decoding then rejects the file with the right code.
    """
    try:
        kind = kind_of(data)
        if kind == "PNG":
            width, height, depth, color = struct.unpack(">IIBB", data[16:26])
            return float(width * height * (_PNG_CHANNELS.get(color, 4) * depth / 8 * 2 + _DECODED_BYTES))
        if kind == "HEIF":
            return 0.0
        with Image.open(io.BytesIO(data), formats=(kind,)) as image:
            return float(image.width * image.height * 3 * _DECODED_BYTES)
    except Exception:  # whatever is wrong with the header, decoding says it better
        return 0.0
