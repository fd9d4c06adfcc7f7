"""Query parameters of the API. One that an operation does not declare is rejected before (`jobs.api.base`)."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from jobs.api.pagination import MAX_PAGE_SIZE
from jobs.core.search import SORTS
from jobs.http.serializers import JobSerializer
from jobs.models import State
from ml.formats import format_names

MAX_TEXT = 200
"""Characters of a search text; a title has at most 100."""


class QuerySerializer(serializers.Serializer[Any]):
    """Parameters of one operation."""


def read_query(serializer: type[QuerySerializer], request: Request) -> dict[str, Any]:
    """The valid parameters of a request. Raises ValidationError."""
    form = serializer(data=request.query_params)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


class FieldsSerializer(QuerySerializer):
    """Which fields of a job to send."""

    fields_help = "Names of fields, separated by commas: only these are sent. For example `id,state,progress`."

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Adds `fields`, which a class cannot declare: serializers have an attribute of this name."""
        return {**super().get_fields(), "fields": FieldNames(default="", help_text=self.fields_help)}


class FieldNames(serializers.CharField):
    """Names of fields of a job."""

    def to_internal_value(self, data: Any) -> frozenset[str]:  # type: ignore[override]
        """The names; empty for all fields."""
        names = {name.strip() for name in super().to_internal_value(data).split(",")} - {""}
        if unknown := sorted(names - set(JobSerializer.Meta.fields)):
            raise ValidationError(f"There is no field {', '.join(unknown)}.")
        return frozenset(names)


class FormatSerializer(QuerySerializer):
    """Which files of a result to list."""

    format = serializers.ChoiceField(choices=format_names(), required=False)


class PageSerializer(QuerySerializer):
    """Which part of a list to send."""

    page = serializers.IntegerField(
        required=False, min_value=1, help_text="Number of a page. Without it, `next` leads by cursor."
    )
    page_size = serializers.IntegerField(required=False, min_value=1, max_value=MAX_PAGE_SIZE)
    cursor = serializers.CharField(required=False, allow_blank=True, help_text="From `next` or `previous`.")


class PublicSearchSerializer(PageSerializer):
    """Filters for a list of published models."""

    q = serializers.CharField(
        default="", allow_blank=True, max_length=MAX_TEXT, help_text="Words to find in the title or the tags."
    )
    tag = serializers.CharField(default="", allow_blank=True, max_length=MAX_TEXT, help_text="One exact tag.")


class SearchSerializer(FieldsSerializer, PublicSearchSerializer):
    """Filters and sort order for the list of your jobs."""

    state = serializers.ChoiceField(choices=State.choices, default="", allow_blank=True)
    sort = serializers.ChoiceField(choices=SORTS, default="newest")
    created_after = serializers.DateTimeField(required=False)
    created_before = serializers.DateTimeField(required=False)
    updated_since = serializers.DateTimeField(
        required=False, help_text="Jobs that have changed since then; deleted ones are not listed."
    )
    parent = serializers.UUIDField(  # type: ignore[assignment]  # the name is part of the API
        required=False, help_text="Versions made from this job."
    )
    collection = serializers.UUIDField(required=False, help_text="Models in this collection of yours.")
    family = serializers.UUIDField(required=False, help_text="All versions of one model.")
