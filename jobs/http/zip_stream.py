"""Several files in one ZIP that is written while it is sent: nothing is stored twice, nothing lies whole in memory.

Entries are stored as they are, for the formats inside are compressed already. So the size is known before the first
byte, and a browser can show how far the download is.
"""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from django.core.files.storage import default_storage
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from jobs.models import Artifact, Photo

CHUNK = 256 * 1024
_LOCAL_HEADER, _DESCRIPTOR, _DIRECTORY_ENTRY, _END = 30, 16, 46, 22
"""Bytes of the parts of a ZIP around each file and at its end (APPNOTE 4.3)."""
_FAR_OFFSET, _LARGE_END = 12, 76
"""What ZIP64 adds to the directory's entry of a file that begins beyond 2 GiB, and to the end of a large archive."""


@dataclass(frozen=True)
class Entry:
    """One file of a bundle and its path in there (ASCII, `/` between folders)."""

    path: str
    content: Artifact | Photo | bytes

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.size

    def open(self) -> IO[bytes]:
        """The file, to be read from its beginning."""
        if isinstance(self.content, bytes):
            return io.BytesIO(self.content)
        return default_storage.open(str(self.content.file))


def entries_of(artifacts: Sequence[Artifact], folder: str) -> list[Entry]:
    """All of them in one folder, under their own names: an OBJ finds its MTL by that name alone."""
    return [Entry(f"{folder}/{artifact.name}", artifact) for artifact in artifacts]


def deliver_bundle(entries: Sequence[Entry], name: str) -> StreamingHttpResponse:
    """The ZIP as a download called `name`. Whoever calls has checked the access to every entry."""
    response = StreamingHttpResponse(_off_the_loop(_pieces(entries)), content_type="application/zip")
    response["Content-Length"] = str(size_of(entries))
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def size_of(entries: Sequence[Entry]) -> int:
    """Bytes of the ZIP of these entries."""
    files = directory = 0
    for entry in entries:
        far = _FAR_OFFSET if files > zipfile.ZIP64_LIMIT else 0
        directory += _DIRECTORY_ENTRY + len(entry.path) + far
        files += _LOCAL_HEADER + len(entry.path) + entry.size + _DESCRIPTOR
    large = files > zipfile.ZIP64_LIMIT or len(entries) > zipfile.ZIP_FILECOUNT_LIMIT
    return files + directory + _END + (_LARGE_END if large else 0)


class _Outbox(io.RawIOBase):
    """Where the ZIP is written: it cannot seek, and whoever asks takes what has gathered."""

    def __init__(self) -> None:
        self._gathered = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._gathered += piece
        return len(piece)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self._gathered = bytes(self._gathered), bytearray()
        return taken


def _pieces(entries: Sequence[Entry]) -> Iterator[bytes]:
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_STORED) as archive:
        for entry in entries:
            yield from _entry_pieces(archive, outbox, entry)
    yield outbox.take()


def _entry_pieces(archive: zipfile.ZipFile, outbox: _Outbox, entry: Entry) -> Iterator[bytes]:
    info = zipfile.ZipInfo(entry.path)
    info.external_attr = 0o644 << 16
    info.file_size = entry.size
    with entry.open() as source, archive.open(info, "w") as target:
        while piece := source.read(CHUNK):
            target.write(piece)
            yield outbox.take()


async def _off_the_loop(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Read beside the event loop, one piece at a time."""
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        if piece:
            yield piece
