"""Checks on a file before any pixel is decoded: its format, and whether it is a decompression bomb."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from ml.errors import ReconstructionError

MAX_SCANS = 100
"""A camera's progressive JPEG has about 10 scans; each one costs a pass over all pixels."""
MAX_CHUNKS = 20_000
"""A 20 MB PNG in libpng's 8 kB pieces has 2,500 chunks; a million empty ones would only cost time."""

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_JPEG_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
"""Second byte of the JPEG markers SOS and EOI."""


def kind_of(data: bytes) -> str:
    """Pillow's name of the format, by the magic bytes alone. Raises `empty_file` and `unsupported_type`."""
    if not data:
        raise ReconstructionError("empty_file")
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _iso_kind(data[8:12])
    raise ReconstructionError("unsupported_type")


def _iso_kind(brand: bytes) -> str:
    if brand in _HEIC_BRANDS:
        return "HEIF"
    if brand in _AVIF_BRANDS:
        return "AVIF"
    raise ReconstructionError("unsupported_type")


def check_structure(data: bytes, kind: str) -> None:
    """Reject files that are small to upload but take very long to decode. Raises `unreadable_image`."""
    if kind == "JPEG" and count_scans(data) > MAX_SCANS:
        raise ReconstructionError("unreadable_image")
    if kind == "PNG":
        _check_png(data)


def count_scans(data: bytes) -> int:
    """Number of scans (SOS markers) of the first picture in a JPEG, not counting an embedded thumbnail's."""
    scans, position = 0, 2
    while found := _JPEG_MARKER.search(data, position):
        marker, position = data[found.end() - 1], found.end()
        if marker == _END_OF_IMAGE:
            break
        scans += marker == _START_OF_SCAN
        position += int.from_bytes(data[position : position + 2], "big")
        if scans > MAX_SCANS:
            break
    return scans


def _check_png(data: bytes) -> None:
    """Check the number of chunks, and the checksums of the chunks for pixels, which Pillow skips."""
    for index, (name, body, checksum) in enumerate(_png_chunks(data)):
        if index >= MAX_CHUNKS:
            raise ReconstructionError("unreadable_image")
        if name in (b"IHDR", b"PLTE", b"IDAT") and zlib.crc32(body, zlib.crc32(name)) != checksum:
            raise ReconstructionError("unreadable_image")


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, int]]:
    """Name, body and stored checksum of every complete chunk."""
    view, position = memoryview(data), 8
    while position + 12 <= len(data):
        length = int.from_bytes(view[position : position + 4], "big")
        end = position + 8 + length
        yield (
            bytes(view[position + 4 : position + 8]),
            view[position + 8 : end],
            int.from_bytes(view[end : end + 4], "big"),
        )
        position = end + 4
