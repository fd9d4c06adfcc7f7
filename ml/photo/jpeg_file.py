"""JPEG without the segments that are not needed, and what can be saved of one that is cut off or damaged."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Segment = tuple[int, int, int]
"""The marker's second byte, and where the segment begins and ends in the file, marker included."""

FILL = 128
"""Level of all channels where libjpeg has no data: middle grey."""
EMPTY_SPACE = 64
"""Zero bytes in a row that no compressed pixels contain."""
BLOCK = 16
"""Height in pixels of the largest row of blocks that is decoded together."""

_EXIF, _ICC, _XMP = b"Exif\0\0", b"ICC_PROFILE\0", b"http://ns.adobe.com/"
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""After compressed pixels: any marker but an escaped 0xFF byte and the restart markers."""
_APP0, _APP1, _APP2, _APP14, _APP15, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_TABLES = {0xC4, 0xCC, 0xDB, 0xDD}
"""DHT, DAC, DQT, DRI: what may stand between two scans."""
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
"""The frame headers whose pictures have several scans."""
_SOS = 0xDA


def without_side_segments(data: bytes) -> bytes:
    """The same picture with JFIF and Adobe headers, EXIF and the colour profile as its only metadata.

    Further pictures (stereo pairs, gain maps) are no longer announced, so that the main one is read. A file with an
    unusual structure is returned unchanged.
    """
    segments = list(_header(data))
    if not segments or segments[-1][0] != _SOS:
        return data
    kept = [data[begin:end] for marker, begin, end in segments if not _is_side(marker, data[begin + 4 : begin + 24])]
    return b"\xff\xd8" + b"".join(kept) + data[segments[-1][2] :]


def _is_side(marker: int, start: bytes) -> bool:
    if marker == _APP1:
        return not start.startswith(_EXIF)
    if marker == _APP2:
        return not start.startswith(_ICC)
    return marker == _COMMENT or (_APP0 < marker <= _APP15 and marker != _APP14)


def _header(data: bytes) -> Iterator[Segment]:
    """Segments up to the first scan, in order; ends early where the structure is broken."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        if data[position + 1] == 0xFF:  # fill byte
            position += 1
            continue
        marker, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4], "big")
        end = position + 2 + length
        if length < 2 or end > len(data):
            return
        yield marker, position, end
        position = end
        if marker == _SOS:
            return


def is_whole(data: bytes) -> bool:
    """False for a file whose pixels end in empty space, as an interrupted copy leaves it: zeros decode to a smear."""
    if not data.endswith(bytes(EMPTY_SPACE)):
        return True
    segments = list(_header(data))
    return data[_sound_end(data, segments) :].startswith(b"\xff\xd9")


def repair_jpeg(data: bytes) -> bytes:
    """The file up to where its structure breaks, with an end marker, so that what is there can be decoded.

    Metadata are left out. `missing_rows` tells how much is not there.
    """
    segments = list(_header(data))
    kept = b"".join(data[begin:end] for marker, begin, end in segments if not _APP0 < marker <= _APP2)
    end = _sound_end(data, segments)
    return b"\xff\xd8" + kept + data[segments[-1][2] : end].rstrip(b"\0\xff") + b"\xff\xd9" if segments else data


def _sound_end(data: bytes, segments: list[Segment]) -> int:
    """Where the scans end or break: at the end marker, at one that makes no sense there, or at the end of the file."""
    progressive = any(marker in _PROGRESSIVE for marker, _, _ in segments)
    position = segments[-1][2] if segments else len(data)
    while found := _MARKER.search(data, position):
        marker, at = data[found.end() - 1], found.start()
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        usable = progressive and (marker in _TABLES or (marker == _SOS and _is_scan(data[at + 4 : end])))
        if not usable or end > len(data):
            return at
        position = end
    return len(data)


def _is_scan(header: bytes) -> bool:
    """Whether the header of a scan is plausible: its length, and the band of coefficients."""
    if not header or not 1 <= header[0] <= 4 or len(header) != 4 + 2 * header[0]:
        return False
    first, last = header[-3], header[-2]
    return first <= last <= 63


def missing_rows(pixels: NDArray[np.uint8], scale: float) -> int:
    """Rows at the bottom of a repaired (H, W) or (H, W, C) picture, `scale` times its full size, that libjpeg filled.

    A picture that is middle grey down there counts as missing too.
    """
    block = max(1, round(BLOCK * scale))
    difference = np.abs(pixels.reshape(*pixels.shape[:2], -1).astype(np.int16) - FILL)
    grey = np.asarray(difference.max(axis=2) <= 1)
    whole = _run_at_end(np.asarray(grey.all(axis=1)))
    right = grey[: len(grey) - whole, -max(1, block // 2) :]
    partly = _run_at_end(np.asarray(right.all(axis=1)))
    missing = whole + min(partly, block)
    return missing + 1 if missing else 0  # chroma is interpolated across one more row


def _run_at_end(rows: NDArray[np.bool_]) -> int:
    """How many values at the end are True."""
    return int(np.argmin(rows[::-1])) if not rows.all() else len(rows)
