"""Searching thousands of jobs by text, tag, state, time and parent, in a stable order for paging."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from jobs.core import search_text
from jobs.models import Job, JobQuerySet

MAX_WORDS = 10
"""Words of a search text that count: each adds a condition to the query."""
SORTS = ("newest", "oldest", "title", "largest")
_ORDERS = {
    "newest": ("-created_at", "pk"),
    "oldest": ("created_at", "pk"),
    "title": ("lower_title", "-created_at", "pk"),
    "largest": ("-size", "-created_at", "pk"),
}
"""Names of columns, so that a cursor can find its place in the order again."""


def search(jobs: JobQuerySet, text: str = "", sort: str = "newest", tag: str = "", state: str = "") -> JobQuerySet:
    """The jobs with every word of `text` in title or tags, and with `tag` and `state` where these are given.

    An unknown `sort` counts as `newest`. One query; before it, SQLite is asked how frequent each word of three or more
    letters is. The caller adds what it prefetches.
    """
    for word in text.split()[:MAX_WORDS]:
        jobs = search_text.with_word(jobs, word)
    if tag:
        jobs = jobs.filter(_tagged(name=tag.strip().lower()))
    if state:
        jobs = jobs.filter(state=state)
    return _ordered(jobs, _ORDERS.get(sort, _ORDERS["newest"]))


def within(
    jobs: JobQuerySet,
    *,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
    updated_since: datetime | None = None,
    parent: UUID | None = None,
    collection: UUID | None = None,
    family: UUID | None = None,
) -> JobQuerySet:
    """The jobs created after and before these times, changed at or after one, made from `parent`, in `collection`, and
    the versions of one `family`."""
    limits = {
        "created_at__gt": created_after,
        "created_at__lt": created_before,
        "updated_at__gte": updated_since,
        "parent": parent,
        "collection_items__collection": collection,
        "family": family,
    }
    return jobs.filter(**{name: value for name, value in limits.items() if value is not None})


def _ordered(jobs: JobQuerySet, order: tuple[str, ...]) -> JobQuerySet:
    if "lower_title" in order:
        jobs = jobs.annotate(lower_title=Lower("title"))
    return jobs.order_by(*order)


def _tagged(**tag: str) -> Exists:
    """True for a job with such a tag; no join, so no job appears twice."""
    through = Job.tags.through.objects.filter(job=OuterRef("pk"))
    return Exists(through.filter(**{f"tag__{name}": value for name, value in tag.items()}))
