"""What the pages of collections show, for the owner and for visitors."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.urls import reverse

from jobs.core import access, collections
from jobs.http.serializers import collection_url
from jobs.models import Collection, CollectionItem, Job
from jobs.pages import embedding
from jobs.pages.result import FileLinks, share_texts


class CollectionForm(forms.Form):
    """Title and description."""

    title = forms.CharField(max_length=100, label="Name", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    description = forms.CharField(
        max_length=collections.DESCRIPTION_LENGTH,
        required=False,
        label="Description (optional)",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def owner_context(collection: Collection) -> dict[str, Any]:
    """The models in order, and what visitors would see of them."""
    items = list(collections.listed(access.owners_items(collection.items.all())))
    visible = set(access.visitors_items(collection.items.all()).values_list("pk", flat=True))
    context: dict[str, Any] = {
        "collection": collection,
        "items": items,
        "visible_count": len(visible),
        "has_more_to_show": len(visible) < len(items),
        "visibilities": _visibilities(collection),
        "form": CollectionForm(initial={"title": collection.title, "description": collection.description}),
    }
    if collection.is_shared and visible:
        context |= share_texts(embedding.collection(collection), collection_url(collection))
    return context


def _visibilities(collection: Collection) -> list[dict[str, Any]]:
    helps = {
        "private": "The link stops working; a later one is different.",
        "link": "Not listed anywhere. The models shown here can be viewed with the link too.",
        "public": "Listed in Explore. The models shown here become public with it.",
    }
    return [
        {"value": value, "label": label, "help": helps[value], "checked": value == collection.visibility}
        for value, label in Collection.Visibility.choices
    ]


def visitor_context(collection: Collection) -> dict[str, Any]:
    """What visitors see: title, description, and the models that they may see."""
    return {
        "collection": collection,
        "items": visible_models(collection),
        "picture_url": settings.SITE_URL + reverse("jobs:collection_picture", args=[collection.token]),
        "report_url": reverse("jobs:collection_report", args=[collection.token]),
    }


def visible_models(collection: Collection) -> list[CollectionItem]:
    """The models that visitors see, in order."""
    return list(collections.listed(access.visitors_items(collection.items.all())))


def file_links(job: Job, token: str) -> FileLinks:
    """The public files of a model, for anyone with the link of a collection that shows it."""
    return FileLinks(
        access.public_files(job),
        lambda name: reverse("jobs:collection_file", args=[token, job.pk, name]),
        reverse("jobs:collection_bundle", args=[token, job.pk]),
        is_public=True,
    )


def neighbours(items: list[CollectionItem], job_id: UUID) -> dict[str, Any]:
    """The models before and after one, None at the ends, and its place."""
    ids = [item.job_id for item in items]
    place = ids.index(job_id)
    return {
        "previous": items[place - 1].job if place else None,
        "next": items[place + 1].job if place + 1 < len(items) else None,
        "place": place + 1,
        "count": len(items),
    }
