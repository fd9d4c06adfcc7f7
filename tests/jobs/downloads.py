"""Reads a response that is streamed."""

from __future__ import annotations

import asyncio
import io
import zipfile
from typing import Any


def content_of(response: Any) -> bytes:
    """All that a client would receive of an asynchronous stream."""

    async def collect() -> bytes:
        return b"".join([piece async for piece in response])

    return asyncio.run(collect())


def zip_of(response: Any) -> zipfile.ZipFile:
    """The ZIP file of a response."""
    return zipfile.ZipFile(io.BytesIO(content_of(response)))
