"""What API requests contain, and the responses that only the API sends."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from jobs.core import services
from jobs.core.search import SORTS
from jobs.http.serializers import share_url
from jobs.models import ShareLink, State


class PublicSearchSerializer(serializers.Serializer[Any]):
    """Filters for a list of published models."""

    q = serializers.CharField(default="", allow_blank=True, help_text="Words to find in the title or the tags.")
    tag = serializers.CharField(default="", allow_blank=True, help_text="One exact tag.")


class SearchSerializer(PublicSearchSerializer):
    """Filters and sort order for the list of your jobs."""

    state = serializers.ChoiceField(choices=State.choices, default="", allow_blank=True)
    sort = serializers.ChoiceField(choices=SORTS, default="newest")


class EditSerializer(serializers.Serializer[Any]):
    """The fields of a job that its owner can change."""

    title = serializers.CharField(max_length=services.TITLE_LENGTH, required=False)
    tags = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Replaces all existing tags. Stored in lower case, at most 10.",
    )


class ShareSerializer(serializers.Serializer[Any]):
    """A link under which anyone can view the result until it is revoked."""

    url = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_url(self, link: ShareLink) -> str:
        """Absolute URL."""
        return share_url(link)
