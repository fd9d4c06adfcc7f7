"""The words by which owners find their models again."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Count, QuerySet

from accounts.models import User
from jobs.models import Job, Tag
from reconsite.core.errors import Rejected

NAME_LENGTH, MOST_TAGS = 30, 10


def clean_names(names: Iterable[str]) -> list[str]:
    """Trimmed, lower case, each once, in order; a comma separates names. Raises Rejected."""
    parts = (part for name in names for part in name.split(","))
    cleaned = ("".join(each for each in " ".join(part.lower().split()) if each.isprintable()) for part in parts)
    wanted = list(dict.fromkeys(name for name in cleaned if name))
    if len(wanted) > MOST_TAGS:
        raise Rejected("too_many_tags")
    if any(len(name) > NAME_LENGTH for name in wanted):
        raise Rejected("tag_too_long")
    return wanted


@transaction.atomic
def set_tags(job: Job, names: Iterable[str]) -> list[str]:
    """Give the job these tags and no others; returns them as stored. Raises Rejected: `too_many_tags`, `tag_too_long`.

    The owner's row is locked, so that nobody sweeps a tag away that is just being used.
    """
    wanted = clean_names(names)
    User.objects.select_for_update().get(pk=job.owner_id)
    Tag.objects.bulk_create((Tag(owner_id=job.owner_id, name=name) for name in wanted), ignore_conflicts=True)
    job.tags.set(Tag.objects.filter(owner=job.owner_id, name__in=wanted))
    forget_unused(job.owner_id)
    return wanted


def names_of(job: Job) -> list[str]:
    """The job's tags in alphabetical order."""
    return [tag.name for tag in job.tags.all()]


def tags_of(owner: User) -> QuerySet[Tag]:
    """The owner's tags in alphabetical order, each with `uses`: how many of their jobs have it."""
    return Tag.objects.filter(owner=owner).annotate(uses=Count("jobs"))


def forget_unused(owner_id: int) -> None:
    """Drop the owner's tags that no job has any more."""
    Tag.objects.filter(owner=owner_id, jobs=None).delete()
