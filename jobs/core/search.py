"""Searching thousands of jobs by text, tag and state, in a stable order for paging."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower

from jobs.models import Job, JobQuerySet

MAX_WORDS = 10
"""Words of a search text that count: each adds two conditions to the query."""
SORTS = ("newest", "oldest", "title", "largest")
_ORDERS = {
    "newest": ("-created_at", "pk"),
    "oldest": ("created_at", "pk"),
    "title": (Lower("title"), "-created_at", "pk"),
    "largest": ("-size", "-created_at", "pk"),
}


def search(jobs: JobQuerySet, text: str = "", sort: str = "newest", tag: str = "", state: str = "") -> JobQuerySet:
    """The jobs with every word of `text` in title or tags, and with `tag` and `state` where these are given.

    An unknown `sort` counts as `newest`. Always one query; the caller adds what it prefetches.
    """
    for word in text.split()[:MAX_WORDS]:
        jobs = jobs.filter(Q(title__icontains=word) | _tagged(name__icontains=word))
    if tag:
        jobs = jobs.filter(_tagged(name=tag.strip().lower()))
    if state:
        jobs = jobs.filter(state=state)
    return jobs.order_by(*_ORDERS.get(sort, _ORDERS["newest"]))


def _tagged(**tag: str) -> Exists:
    """True for a job with such a tag; no join, so no job appears twice."""
    through = Job.tags.through.objects.filter(job=OuterRef("pk"))
    return Exists(through.filter(**{f"tag__{name}": value for name, value in tag.items()}))
