"""ZIP packages with the same bytes whenever and wherever they are written."""

from __future__ import annotations

import zipfile

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that ZIP can state; every part gets it."""
HEADER = 30
"""Bytes of a part's local header before its name and its extra field."""
PADDING = 0x1986
"""Id of an extra field that only fills space, as OpenUSD writes it."""


def add(archive: zipfile.ZipFile, name: str, data: bytes, *, aligned: int = 0) -> None:
    """Add a part: deflated, or where `aligned` is given stored with its data at a multiple of that many bytes."""
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.external_attr = 0o644 << 16
    entry.create_system = 3
    entry.compress_type = zipfile.ZIP_STORED if aligned else zipfile.ZIP_DEFLATED
    if aligned:
        entry.extra = _filler(archive.fp.tell() if archive.fp else 0, name, aligned)
    archive.writestr(entry, data)


def _filler(offset: int, name: str, aligned: int) -> bytes:
    """An extra field that aligns the data of the part at `offset`; its own header takes 4 bytes."""
    begin = offset + HEADER + len(name.encode()) + 4
    size = -begin % aligned
    return PADDING.to_bytes(2, "little") + size.to_bytes(2, "little") + bytes(size)
