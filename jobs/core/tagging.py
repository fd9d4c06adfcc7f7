"""Tags by which owners organise their models."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from jobs.core import search_text
from jobs.models import Job, Tag
from reconsite.core.errors import Rejected

MAX_LENGTH = 30
"""Characters of a tag; the column holds as many."""
MAX_TAGS = 10
"""Tags of one model."""


def clean_names(names: Iterable[str]) -> list[str]:
    """Trimmed, lower case, without duplicates, in order; a comma separates names. Raises Rejected."""
    parts = (part for name in names for part in name.split(","))
    lower = (" ".join(part.lower().split()) for part in parts)
    cleaned = ("".join(character for character in name if character.isprintable()) for name in lower)
    unique = list(dict.fromkeys(name for name in cleaned if name))
    if len(unique) > MAX_TAGS:
        raise Rejected("too_many_tags")
    if any(len(name) > MAX_LENGTH for name in unique):
        raise Rejected("tag_too_long")
    return unique


@transaction.atomic
def set_tags(job: Job, names: Iterable[str]) -> list[str]:
    """Replace the job's tags; returns them as stored. Raises Rejected: `too_many_tags`, `tag_too_long`.

    The owner's row is locked, so that no other request deletes a tag that is being assigned.
    """
    new_names = clean_names(names)
    User.objects.select_for_update().get(pk=job.owner_id)
    Tag.objects.bulk_create((Tag(owner_id=job.owner_id, name=name) for name in new_names), ignore_conflicts=True)
    job.tags.set(Tag.objects.filter(owner=job.owner_id, name__in=new_names))
    Job.objects.filter(pk=job.pk).update(updated_at=timezone.now())
    search_text.write([job])
    delete_unused(job.owner_id)
    return new_names


def names_of(job: Job) -> list[str]:
    """The job's tags in alphabetical order."""
    return [tag.name for tag in job.tags.all()]


def tags_of(owner: User) -> QuerySet[Tag]:
    """The tags of the owner's jobs in alphabetical order, with `uses`: how many have it. The bin does not count."""
    uses = Count("jobs", filter=Q(jobs__deleted_at=None))
    return Tag.objects.filter(owner=owner).annotate(uses=uses).filter(uses__gt=0)


def delete_unused(owner_id: int) -> None:
    """Delete the owner's tags that no job uses any more."""
    Tag.objects.filter(owner=owner_id, jobs=None).delete()
