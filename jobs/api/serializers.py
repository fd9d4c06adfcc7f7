"""What API requests contain, and the responses that only the API sends."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from jobs.core import services
from jobs.http.serializers import share_url
from jobs.models import ShareLink


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


class PosterSerializer(serializers.Serializer[Any]):
    """The view for the poster."""

    azimuth = serializers.FloatField(
        min_value=-360.0, max_value=360.0, help_text="Degrees from the photo's side to the right, as seen in the photo."
    )


BULK_ACTIONS = ("delete", "publish", "unpublish", "tag", "untag")
MAX_BULK = 100
"""Jobs of one bulk request: as many as a page of the list."""


class BulkSerializer(serializers.Serializer[Any]):
    """One action on several of your jobs."""

    action = serializers.ChoiceField(choices=BULK_ACTIONS)
    ids = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MAX_BULK)
    tags = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="For `tag` (added) and `untag` (removed)."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The two actions on tags need them."""
        if attrs["action"] in ("tag", "untag") and not attrs.get("tags"):
            raise serializers.ValidationError({"tags": "Name the tags."}, code="required")
        return attrs


class BulkResultSerializer(serializers.Serializer[Any]):
    """What became of one job. `status` is what a request for this job alone would have been answered with."""

    id = serializers.UUIDField()
    status = serializers.IntegerField()
    code = serializers.CharField(allow_null=True, help_text="Code of the error, null without one.")
    detail = serializers.CharField(allow_null=True, help_text="Message of the error, null without one.")


class BulkResultsSerializer(serializers.Serializer[Any]):
    """One result per job, in the order of the request."""

    results = BulkResultSerializer(many=True)
