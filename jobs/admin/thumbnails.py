"""Thumbnails for the lists of the admin."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.models import Job, State


def thumbnail(job: Job) -> SafeString | str:
    """The job's poster, or a dash if it has none or is in the bin, where nobody sees its files."""
    if job.state != State.SUCCEEDED or job.deleted_at:
        return "–"
    return format_html(
        '<img class="thumb" src="{}" width="72" height="72" alt="{}" loading="lazy">', job.poster_url, job.title
    )
