"""Checks on a file before any pixel is decoded: its format, and whether it is a decompression bomb."""

from __future__ import annotations

import re

from ml.errors import ReconstructionError
from ml.photo import iso_boxes

MAX_SCANS = 100
"""A camera's progressive JPEG has about 10 scans; each one costs a pass over all pixels."""

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
        kind = iso_boxes.kind_of(data)
        if kind is not None:
            return kind
    raise ReconstructionError("unsupported_type")


def check_structure(data: bytes, kind: str) -> None:
    """Reject files that are small to upload but take very long to decode. Raises `unreadable_image`."""
    if kind == "JPEG" and count_scans(data) > MAX_SCANS:
        raise ReconstructionError("unreadable_image")


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
