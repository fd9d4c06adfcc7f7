"""What an owner can do with a collection: create, edit, fill, order, show to others, delete. For pages and API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, IntegerField, Max, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from jobs.core import access
from jobs.core.services import clean_title
from jobs.models import Collection, CollectionItem, Job, State, new_share_token
from reconsite.core.errors import Rejected

MAX_COLLECTIONS = 200
"""Collections of one person."""
MAX_MODELS = 200
"""Models of one collection: what one page still shows at once."""
DESCRIPTION_LENGTH = 1000
"""Characters that the column holds; a longer description is cut."""
COVERS = 4
"""Posters on the card of a collection."""
_LARGE = ("job__report", "job__recipe", "job__stage_seconds", "job__failure_message", "job__failure_detail")
"""Large columns that no list of models shows."""
Visibility = Collection.Visibility


def listed(items: QuerySet[CollectionItem]) -> QuerySet[CollectionItem]:
    """The models of these items in their order, in one query."""
    return items.select_related("job").defer(*_LARGE).order_by("position", "pk")


def with_counts(rows: QuerySet[Collection]) -> QuerySet[Collection]:
    """The collections with `model_count` (for the owner) and `visible_count` (what visitors see)."""
    everything = CollectionItem.objects.all()
    return rows.annotate(
        model_count=_count(access.owners_items(everything)), visible_count=_count(access.visitors_items(everything))
    )


def _count(items: QuerySet[CollectionItem]) -> Coalesce:
    """How many of `items` the collection has, as a column."""
    per_collection = items.filter(collection=OuterRef("pk")).order_by().values("collection")
    return Coalesce(Subquery(per_collection.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)


def with_covers(rows: QuerySet[Collection], items: QuerySet[CollectionItem]) -> QuerySet[Collection]:
    """The collections with `covers`: the first of `items` in each."""
    return rows.prefetch_related(Prefetch("items", queryset=listed(items)[:COVERS], to_attr="covers"))


@transaction.atomic
def create(owner: User, title: str, description: str = "", jobs: Sequence[Job] = ()) -> Collection:
    """A private collection of the owner's finished `jobs`, in this order.

    Raises Rejected: `collection_title_missing`, `too_many_collections`, and those of `add`.
    """
    User.objects.select_for_update().get(pk=owner.pk)
    if Collection.objects.filter(owner=owner).count() >= MAX_COLLECTIONS:
        raise Rejected("too_many_collections")
    collection = Collection.objects.create(
        owner=owner, title=_title(title), description=_clean_description(description)
    )
    add(collection, jobs)
    return collection


def edit(collection: Collection, title: str | None = None, description: str | None = None) -> None:
    """Change what is not None. Raises Rejected(`collection_title_missing`)."""
    values: dict[str, Any] = {}
    if title is not None:
        values["title"] = _title(title)
    if description is not None:
        values["description"] = _clean_description(description)
    _update(collection, **values)


def set_visibility(collection: Collection, visibility: str) -> None:
    """Show it to nobody else, to those with its link, or to everyone. A collection made private gets another link.

    Raises ValueError for a value outside Collection.Visibility.
    """
    chosen = Visibility(visibility)
    values: dict[str, Any] = {"visibility": chosen, "published_at": _published_at(collection, chosen)}
    if chosen == Visibility.PRIVATE and collection.is_shared:
        values["token"] = new_share_token()
    _update(collection, **values)


def _published_at(collection: Collection, chosen: Collection.Visibility) -> datetime | None:
    return (collection.published_at or timezone.now()) if chosen == Visibility.PUBLIC else None


@transaction.atomic
def add(collection: Collection, jobs: Sequence[Job], follows: bool = False) -> int:
    """Append the owner's finished jobs that are not in it yet; returns how many.

    With `follows` whoever may see the collection may see these models too. Raises Rejected: `wrong_state` for a job
    that is not finished, `too_many_models`.
    """
    _lock(collection)
    present = set(collection.items.values_list("job", flat=True))
    fresh = [job for job in dict.fromkeys(jobs) if job.pk not in present]
    if any(job.owner_id != collection.owner_id or job.state != State.SUCCEEDED for job in fresh):
        raise Rejected("wrong_state", "Only finished models of your own can be in a collection.")
    if len(present) + len(fresh) > MAX_MODELS:
        raise Rejected("too_many_models")
    start = (collection.items.aggregate(last=Max("position"))["last"] or 0) + 1
    CollectionItem.objects.bulk_create(
        CollectionItem(collection=collection, job=job, position=start + index, follows_collection=follows)
        for index, job in enumerate(fresh)
    )
    _touch(collection)
    return len(fresh)


def remove(collection: Collection, job_id: UUID) -> bool:
    """Take one model out; the model itself stays. False when it was not in the collection."""
    removed = bool(collection.items.filter(job=job_id).delete()[0])
    _touch(collection)
    return removed


def set_follows(collection: Collection, follows: bool, job_ids: Iterable[UUID] | None = None) -> int:
    """Whether models (all without `job_ids`) may be seen by whoever may see the collection; returns how many changed.

    The owner's choice for each model: a private one is never shown through a collection without it.
    """
    items = collection.items.filter(follows_collection=not follows)
    if job_ids is not None:
        items = items.filter(job__in=list(job_ids))
    changed = items.update(follows_collection=follows)
    _touch(collection)
    return changed


@transaction.atomic
def order(collection: Collection, job_ids: Sequence[UUID]) -> None:
    """Bring the models into this order; those that are not named keep their order, after the others."""
    _lock(collection)
    wanted = {job_id: place for place, job_id in enumerate(dict.fromkeys(job_ids))}
    items = sorted(collection.items.all(), key=lambda item: wanted.get(item.job_id, len(wanted)))
    for position, item in enumerate(items, start=1):
        item.position = position
    CollectionItem.objects.bulk_update(items, ["position"])
    _touch(collection)


def move(collection: Collection, job_id: UUID, steps: int) -> None:
    """Move a model by so many places, towards the start if `steps` is negative."""
    ids = list(collection.items.values_list("job", flat=True))
    if job_id in ids:
        place = ids.index(job_id)
        ids.insert(max(0, place + steps), ids.pop(place))
        order(collection, ids)


def delete(collection: Collection) -> None:
    """Delete the collection; its models stay."""
    Collection.objects.filter(pk=collection.pk).delete()


def _title(title: str) -> str:
    cleaned = clean_title(title)
    if not cleaned:
        raise Rejected("collection_title_missing")
    return cleaned


def _clean_description(text: str) -> str:
    return text.replace("\x00", "").strip()[:DESCRIPTION_LENGTH]


def _lock(collection: Collection) -> None:
    """Two requests that change the order wait for each other."""
    Collection.objects.select_for_update().get(pk=collection.pk)


def _touch(collection: Collection) -> None:
    _update(collection)


def _update(collection: Collection, **values: Any) -> None:
    values["updated_at"] = timezone.now()
    Collection.objects.filter(pk=collection.pk).update(**values)
    for name, value in values.items():
        setattr(collection, name, value)
