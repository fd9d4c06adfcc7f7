"""Several files in one ZIP that is written while it is sent: no temporary file, no whole archive in memory.

Entries are stored uncompressed, because their formats are compressed already. So the size is known before the first
byte, and a browser can show the progress of the download.
"""

from __future__ import annotations

import asyncio
import io
import logging
import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import IO

from django.http import Http404, StreamingHttpResponse
from django.utils.http import content_disposition_header

from jobs.core import storage
from jobs.http.download_names import has_references, name_in_bundle, renamed_head
from jobs.models import Artifact, Photo

logger = logging.getLogger(__name__)

MISSING_LIST = "MISSING FILES.txt"
"""Names the files that are no longer stored."""
CHUNK = 256 * 1024
"""Bytes that are read at once."""
FILE_MODE = 0o644
"""Unix permissions of every entry."""
_LOCAL_HEADER, _DESCRIPTOR, _DIRECTORY_ENTRY, _END = 30, 16, 46, 22
"""Bytes of a ZIP's parts around each file and at its end (APPNOTE 4.3)."""
_FAR_OFFSET, _LARGE_END = 12, 76
"""Bytes that ZIP64 adds to the entry of a file that begins beyond 2 GiB, and to the end of a large archive."""


@dataclass(frozen=True)
class Entry:
    """One file of a bundle and its path in it (ASCII, `/` between folders); `slug` renames its references."""

    path: str
    content: Artifact | Photo | bytes
    slug: str = ""

    @cached_property
    def size(self) -> int:
        """Size in bytes."""
        if isinstance(self.content, bytes):
            return len(self.content)
        head, replaced = self._head
        return self.content.size + len(head) - replaced

    def is_missing(self) -> bool:
        """Whether the file is known to be gone."""
        if isinstance(self.content, bytes):
            return False
        return storage.backend().is_known_missing(str(self.content.file))

    def chunks(self) -> Iterator[bytes]:
        """The content, read piece by piece."""
        head, replaced = self._head
        yield head
        with self._open() as source:
            source.seek(replaced)
            while chunk := source.read(CHUNK):
                yield chunk

    @cached_property
    def _head(self) -> tuple[bytes, int]:
        """The renamed start of the file and the length that it replaces."""
        if not self.slug or not isinstance(self.content, Artifact) or not has_references(self.content.name):
            return b"", 0
        with self._open() as file:
            return renamed_head(self.content.name, self.slug, file)

    def _open(self) -> IO[bytes]:
        if isinstance(self.content, bytes):
            return io.BytesIO(self.content)
        return storage.backend().open(str(self.content.file))


def entries_of(artifacts: Sequence[Artifact], slug: str, folder: str = "") -> list[Entry]:
    """All of them in one folder, the model's own files called after it, and so is what an OBJ and its MTL refer to.

    The others keep their names: `python -m ml --remix` reads them in the unpacked folder.
    """
    return [Entry(f"{folder or slug}/{name_in_bundle(artifact.name, slug)}", artifact, slug) for artifact in artifacts]


def deliver_bundle(entries: Sequence[Entry], name: str) -> StreamingHttpResponse:
    """The ZIP as a download called `name`. The caller has checked the access to every entry.

    Stored files that are gone are listed in the ZIP instead. Raises Http404 if nothing else would be in it.
    """
    entries = _available(entries)
    response = StreamingHttpResponse(in_thread(_chunks(entries)), content_type="application/zip")
    response["Content-Length"] = str(size_of(entries))
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _available(entries: Sequence[Entry]) -> list[Entry]:
    missing = [entry.path for entry in entries if entry.is_missing()]
    if not missing:
        return list(entries)
    if len(missing) == len(entries):
        raise Http404("There are no such files.")
    logger.error("%d stored files are missing, the first of them: %s", len(missing), missing[0])
    rest = [entry for entry in entries if not entry.is_missing()]
    return [*rest, Entry(MISSING_LIST, "".join(f"{path}\n" for path in missing).encode())]


def approximate_size(artifacts: Sequence[Artifact], slug: str) -> int:
    """Bytes of the ZIP of these files, but for a few in renamed references; opens no file."""
    return size_of([replace(entry, slug="") for entry in entries_of(artifacts, slug)])


def size_of(entries: Sequence[Entry]) -> int:
    """Bytes of the ZIP of these entries."""
    files = directory = 0
    for entry in entries:
        far = _FAR_OFFSET if files > zipfile.ZIP64_LIMIT else 0
        directory += _DIRECTORY_ENTRY + len(entry.path) + far
        files += _LOCAL_HEADER + len(entry.path) + entry.size + _DESCRIPTOR
    large = files > zipfile.ZIP64_LIMIT or len(entries) > zipfile.ZIP_FILECOUNT_LIMIT
    return files + directory + _END + (_LARGE_END if large else 0)


class _Buffer(io.RawIOBase):
    """A target for the ZIP that cannot seek, and that is emptied while it is written."""

    def __init__(self) -> None:
        self._data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        written = bytes(data)  # type: ignore[call-overload]
        self._data += written
        return len(written)

    def take(self) -> bytes:
        """What was written since the last call."""
        taken, self._data = bytes(self._data), bytearray()
        return taken


def _chunks(entries: Sequence[Entry]) -> Iterator[bytes]:
    buffer = _Buffer()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for entry in entries:
            yield from _entry_chunks(archive, buffer, entry)
    yield buffer.take()


def _entry_chunks(archive: zipfile.ZipFile, buffer: _Buffer, entry: Entry) -> Iterator[bytes]:
    info = zipfile.ZipInfo(entry.path)
    info.external_attr = FILE_MODE << 16
    info.file_size = entry.size
    with archive.open(info, "w") as target:
        for chunk in entry.chunks():
            target.write(chunk)
            yield buffer.take()


async def in_thread(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Run the iterator in a thread, one chunk at a time, so that the event loop is not blocked."""
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        if chunk:
            yield chunk
