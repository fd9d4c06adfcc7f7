"""The only way to send a file: by a signed link to the bucket, by nginx, or streamed from here."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import BinaryIO

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from jobs.core import storage
from jobs.http.download_names import download_name, has_references, slug_of
from jobs.http.zip_stream import Entry, in_thread
from jobs.models import Artifact, Photo
from ml import files
from ml.files import content_type

CHUNK = 256 * 1024
"""Bytes that are read at once: few calls for a large file, little memory for many downloads."""
REDIRECT_SECONDS = 300
"""How long a browser may use a redirect to the bucket again; the link behind it works for longer."""
_RANGE = re.compile(r"^bytes=([0-9]{0,18})-([0-9]{0,18})$")


def deliver(request: HttpRequest, artifact: Artifact) -> HttpResponseBase:
    """The artefact's bytes; with `?download=1` as an attachment called after the model. The caller checked access."""
    slug = slug_of(artifact.job.title)
    renamed = "download" in request.GET and has_references(artifact.name)
    etag = f'"{artifact.sha256}-{slug}"' if renamed else f'"{artifact.sha256}"'
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged and unchanged.status_code == 304:
        response: HttpResponseBase = unchanged
    else:
        response = _renamed_body(artifact, slug) if renamed else _body(request, artifact)
    is_link = response.status_code == 302
    if not is_link:  # or a browser would keep the link for longer than it works
        response["ETag"] = etag
    response["Cache-Control"] = _caching(artifact, is_link)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Content-Disposition"] = _disposition(request, artifact, slug)
    return response


def _caching(artifact: Artifact, is_link: bool) -> str:
    """An hour; a poster is asked for again each time, because its owner may have chosen another view."""
    if artifact.name == files.POSTER:
        return "private, no-cache"
    return f"private, max-age={REDIRECT_SECONDS if is_link else 3600}"


def deliver_photo(photo: Photo) -> HttpResponseBase:
    """A photo as it is stored: a few megabytes of our own encoding. The caller has checked the access."""
    try:
        data = storage.read_whole(str(photo.file), photo.file_sha256)
    except FileNotFoundError as error:
        raise Http404("The photo is no longer there.") from error
    kind = "image/png" if str(photo.file).endswith(".png") else "image/jpeg"
    headers = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(data, content_type=kind, headers=headers)


def _disposition(request: HttpRequest, artifact: Artifact, slug: str) -> str:
    return content_disposition_header("download" in request.GET, download_name(artifact.name, slug)) or "inline"


def _renamed_body(artifact: Artifact, slug: str) -> HttpResponseBase:
    """An OBJ or MTL with renamed references: whole, since a range of it would not fit the stored file."""
    try:
        entry = Entry(artifact.name, artifact, slug)
        response = StreamingHttpResponse(in_thread(entry.chunks()), content_type=content_type(artifact.name))
        response["Content-Length"] = str(entry.size)
    except FileNotFoundError as error:
        raise Http404("There is no such file.") from error
    return response


def _body(request: HttpRequest, artifact: Artifact) -> HttpResponseBase:
    kind = content_type(artifact.name)
    if settings.ACCEL_REDIRECT_PREFIX:
        accel = {"X-Accel-Redirect": f"{settings.ACCEL_REDIRECT_PREFIX}/{artifact.file.name}"}
        return HttpResponse(content_type=kind, headers=accel)
    if settings.STORAGE_REDIRECT and request.method != "HEAD":
        disposition = _disposition(request, artifact, slug_of(artifact.job.title))
        if link := storage.backend().link(str(artifact.file), content_type=kind, disposition=disposition):
            return HttpResponseRedirect(link)
    return _stream(str(artifact.file), artifact.size, kind, request.headers.get("Range", ""))


def _stream(key: str, size: int, kind: str, range_header: str) -> HttpResponseBase:
    """Whole (200), one range (206), or 416. Video on phones needs ranges."""
    part = _parse_range(range_header, size)
    if part is None and range_header.startswith("bytes="):
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    first, last = part or (0, size - 1)
    try:
        file = storage.backend().open_part(key, first, last)  # now: an early file may be gone at the first chunk
    except FileNotFoundError as error:
        raise Http404("There is no such file.") from error
    response = StreamingHttpResponse(_chunks(file, first, last), status=206 if part else 200, content_type=kind)
    response["Content-Length"] = str(last - first + 1)
    response["Accept-Ranges"] = "bytes"
    if part:
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


def _parse_range(range_header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a single satisfiable range, else None."""
    match = _RANGE.match(range_header)
    if not match or not any(match.groups()):
        return None
    start, end = match.groups()
    first = int(start) if start else max(size - int(end), 0)
    last = min(int(end), size - 1) if start and end else size - 1
    return (first, last) if first <= last else None


async def _chunks(file: BinaryIO, first: int, last: int) -> AsyncIterator[bytes]:
    """Read in a thread and send chunk by chunk, so that a large file is never in memory as a whole."""
    with file:
        remaining = last - first + 1
        while remaining > 0 and (chunk := await asyncio.to_thread(file.read, min(CHUNK, remaining))):
            remaining -= len(chunk)
            yield chunk
