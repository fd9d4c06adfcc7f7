"""The explore API: published models, which anyone can view and report."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from accounts.models import User
from jobs.api.base import ApiViewSet
from jobs.api.conditional import NOT_MODIFIED, with_etag
from jobs.api.file_download import ARCHIVE_SCHEMA, FILE_DOWNLOAD_SCHEMA, FileActions, archive_response, file_response
from jobs.api.queries import PublicSearchSerializer, read_query
from jobs.api.throttling import ScopedLimit
from jobs.core import access, sharing, tagging
from jobs.core.search import search
from jobs.http.lookup import get_or_404
from jobs.http.serializers import ArtifactSerializer, UrlsSerializer
from jobs.models import AbuseReport, Artifact, Job, JobQuerySet
from ml.files import POSTER


class PublicArtifactSerializer(ArtifactSerializer):
    """One public file of a published model."""

    def get_url(self, artifact: Artifact) -> str:
        """Path on this host."""
        return reverse("api:explore-file", args=[artifact.job_id, artifact.name])


class PublicJobSerializer(serializers.ModelSerializer[Job]):
    """A published model. The photo is never included, and of the owner only the display name."""

    author = serializers.CharField(source="owner.display_name", read_only=True)
    tags = serializers.SerializerMethodField()
    poster_url = serializers.SerializerMethodField()
    urls = serializers.SerializerMethodField()
    files = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = ("id", "title", "author", "engine", "tags", "published_at", "poster_url", "urls", "files")
        read_only_fields = fields

    def get_tags(self, job: Job) -> list[str]:
        """In alphabetical order."""
        return tagging.names_of(job)

    def get_poster_url(self, job: Job) -> str:
        """An image of the model."""
        return reverse("api:explore-file", args=[job.pk, POSTER])

    @extend_schema_field(UrlsSerializer)
    def get_urls(self, job: Job) -> dict[str, str]:
        """Paths on this host."""
        return {
            "self": reverse("api:explore-detail", args=[job.pk]),
            "page": reverse("jobs:public", args=[job.pk]),
            "files": reverse("api:explore-files", args=[job.pk]),
        }

    @extend_schema_field(PublicArtifactSerializer(many=True))
    def get_files(self, job: Job) -> list[dict[str, Any]]:
        """The public files."""
        return list(PublicArtifactSerializer(access.public_files(job), many=True).data)


class ReportSerializer(serializers.ModelSerializer[AbuseReport]):
    """A report about a published model."""

    class Meta:
        model = AbuseReport
        fields = ("reason", "text")


class ExploreViewSet(FileActions, mixins.ListModelMixin, ApiViewSet[Job]):
    """Published models."""

    serializer_class = PublicJobSerializer
    permission_classes = (AllowAny,)
    lookup_value_converter = "uuid"
    throttle_scope = "report"

    def get_queryset(self) -> JobQuerySet:
        """Published models that match the query parameters, newest first."""
        query = read_query(PublicSearchSerializer, self.request)
        jobs = search(access.public_jobs(), query["q"], tag=query["tag"])
        return jobs.order_by("-published_at", "pk").select_related("owner").prefetch_related("tags", "artifacts")

    def get_throttles(self) -> list[BaseThrottle]:
        """Limits reports, each of which costs a moderator's time."""
        return [ScopedLimit()] if self.action == "report" else []

    @extend_schema(parameters=[PublicSearchSerializer], responses={200: PublicJobSerializer(many=True)} | NOT_MODIFIED)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List published models, newest first. No account needed."""
        return with_etag(request, super().list(request, *args, **kwargs))

    @extend_schema(responses={200: PublicJobSerializer} | NOT_MODIFIED)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Get one published model."""
        return with_etag(request, Response(PublicJobSerializer(self._public(pk)).data))

    @extend_schema(responses=PublicArtifactSerializer(many=True))
    @action(detail=True, pagination_class=None)
    def files(self, request: Request, pk: UUID) -> Response:
        """List the public files."""
        return Response(PublicArtifactSerializer(access.public_files(self._public(pk)), many=True).data)

    @extend_schema(operation_id="explore_file_download", **FILE_DOWNLOAD_SCHEMA)
    @action(detail=True, url_path="files/<file_name:name>", url_name="file")
    def file(self, request: Request, pk: UUID, name: str) -> HttpResponseBase:
        """Download one file. Supports ranges and ETags."""
        return file_response(request, access.public_file(self._public(pk), name))

    @extend_schema(operation_id="explore_archive", **ARCHIVE_SCHEMA)
    @action(detail=True)
    def archive(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Download all public files as one ZIP, which is written while it is sent."""
        job = self._public(pk)
        return archive_response(job, access.public_files(job))

    @extend_schema(request=ReportSerializer, responses={201: ReportSerializer})
    @action(detail=True, methods=["post"])
    def report(self, request: Request, pk: UUID) -> Response:
        """Report the model to the moderators. No account needed."""
        job = self._public(pk)
        form = ReportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        reporter = request.user if isinstance(request.user, User) else None
        report = sharing.report(job, reporter, form.validated_data["reason"], form.validated_data.get("text", ""))
        return Response(ReportSerializer(report).data, status=201)

    def _public(self, job_id: UUID) -> Job:
        return get_or_404(access.job_for_public(job_id))
