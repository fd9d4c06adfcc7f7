"""Template tags for the scripts that the build leaves in static/dist."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from django import template
from django.conf import settings
from django.templatetags.static import PrefixNode
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

CHUNKS = Path(settings.BASE_DIR) / "static" / "dist" / "chunks.json"
"""For each script, the chunks that it imports statically; written by `frontend/build.mjs`."""
register = template.Library()


@register.simple_tag
def preload_chunks(island: str) -> SafeString:
    """Links that fetch the script's chunks together with it, instead of after it has been parsed.

    Their URLs are those that the script's imports resolve to: without the hash of the static files storage.
    """
    prefix = PrefixNode.handle_simple("STATIC_URL")
    chunks = _chunks(CHUNKS.stat().st_mtime_ns)[island]
    return format_html_join("", '<link rel="modulepreload" href="{}dist/{}">', ((prefix, name) for name in chunks))


@lru_cache(maxsize=1)
def _chunks(written: int) -> dict[str, list[str]]:
    chunks: dict[str, list[str]] = json.loads(CHUNKS.read_text())
    return chunks
