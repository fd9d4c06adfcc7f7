"""The jobs API. Every change is a command of the core; every access check is in jobs.core.access."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http.response import HttpResponseBase
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from accounts.models import User
from jobs.api import bulk, formats
from jobs.api.base import ApiViewSet
from jobs.api.conditional import NOT_MODIFIED, with_etag
from jobs.api.events import EVENT_STREAM_SCHEMA, stream
from jobs.api.file_download import (
    ARCHIVE_SCHEMA,
    FILE_DOWNLOAD_SCHEMA,
    FileActions,
    archive_response,
    file_response,
)
from jobs.api.links import FileLinksSerializer, links_of
from jobs.api.queries import FieldsSerializer, FormatSerializer, SearchSerializer, read_query
from jobs.api.quota_headers import QuotaHeaders
from jobs.api.recipes import RecipeSerializer, RemixSerializer, SubmitSerializer, recipe_settings, submitted_recipe
from jobs.api.schema import problems
from jobs.api.serializers import (
    BulkResultsSerializer,
    BulkSerializer,
    EditSerializer,
    PosterSerializer,
    ShareSerializer,
)
from jobs.api.throttling import ScopedLimit
from jobs.core import access, cutouts, posters, services, sharing, tagging, uploads
from jobs.core.photos import Upload
from jobs.core.search import search, within
from jobs.core.services import IDEMPOTENCY_KEY_LENGTH
from jobs.http.errors import ALREADY_ENDED, NOT_RETRYABLE
from jobs.http.lookup import get_or_404
from jobs.http.serializers import ArtifactSerializer, JobSerializer, context_of
from jobs.models import Job, JobQuerySet, State
from jobs.work.subject_check import require_subjects
from ml.recipe import Recipe
from reconsite.core.errors import Rejected

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    description="If a response was lost, send the request again with the same key: it returns the same job (200).",
)
CREATED = {202: JobSerializer, 200: JobSerializer}
SUBMIT_RESPONSES = CREATED | problems(409, 422, 507)
REMIX_RESPONSES = CREATED | problems(409, 507)
FILES_RESPONSES = dict.fromkeys((200, 202), ArtifactSerializer(many=True)) | problems(409, 429, 507)
THROTTLE_SCOPES = {"create": "submit", "remix": "submit", "share": "share"}
"""The rate limit (`DEFAULT_THROTTLE_RATES`) of each limited action."""
LIMITS = ("created_after", "created_before", "updated_since", "parent", "collection", "family")
"""Query parameters of the list that `within` takes."""
POLL_SECONDS = {State.QUEUED: 5, State.RUNNING: 2}
"""Value of the Retry-After header of an unfinished job: how often its state is worth asking for."""


class JobViewSet(QuotaHeaders, FileActions, mixins.ListModelMixin, ApiViewSet[Job]):
    """Your jobs."""

    serializer_class = JobSerializer
    lookup_value_converter = "uuid"
    quota_actions = ("create", "remix", "retry", "cancel", "destroy", "bulk")

    def get_queryset(self) -> JobQuerySet:
        """The user's own jobs, filtered and sorted by the query parameters."""
        query = self._query = read_query(SearchSerializer, self.request)
        jobs = search(access.jobs_of(self.request.user), query["q"], query["sort"], query["tag"], query["state"])
        limits = {name: query.get(name) for name in LIMITS}
        return within(jobs, **limits).prefetch_related("photos", "artifacts", "tags", "share_links")

    def get_serializer_context(self) -> dict[str, Any]:
        """Adds the viewer: only the owner gets the share link."""
        return {**super().get_serializer_context(), "viewer": self.request.user}

    def get_throttles(self) -> list[BaseThrottle]:
        """Limits the actions that are expensive for the server or could be used for spam."""
        self.throttle_scope = THROTTLE_SCOPES.get(self.action or "", "")
        return [ScopedLimit()] if self.throttle_scope else []

    def get_parsers(self) -> list[Any]:
        """Photos are sent as a multipart form, everything else as JSON."""
        is_submit = bool(self.action_map) and self.action_map.get("post") == "create"
        return [MultiPartParser()] if is_submit else super().get_parsers()

    @extend_schema(parameters=[SearchSerializer], responses={200: JobSerializer(many=True)} | NOT_MODIFIED)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List your jobs. 304 if the client has the same page already (`If-None-Match`)."""
        jobs = self.paginate_queryset(self.get_queryset()) or []
        context = {**self.get_serializer_context(), "fields": self._query["fields"], **context_of(jobs)}
        return with_etag(request, self.get_paginated_response(JobSerializer(jobs, many=True, context=context).data))

    @extend_schema(request=SubmitSerializer, parameters=[IDEMPOTENCY_KEY], responses=SUBMIT_RESPONSES)
    def create(self, request: Request) -> Response:
        """Create a job from photos. 202 for a new job, 200 for the existing one of the same Idempotency-Key."""
        form = SubmitSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        assert isinstance(request.user, User)
        photos, recipe = _material(request.user, values)
        title = values.get("title", "")
        key = _idempotency_key(request)
        again = self._writable(values["version_of"]) if "version_of" in values else None
        submission = services.submit(request.user, photos, recipe, title=title, idempotency_key=key, again=again)
        uploads.mark_used(values.get("upload", ()))
        return self._created(submission)

    @extend_schema(parameters=[FieldsSerializer], responses={200: JobSerializer} | NOT_MODIFIED)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Get one job. 304 if the client has it already (`If-None-Match`); `Retry-After` while it is not done."""
        fields = read_query(FieldsSerializer, request)["fields"]
        return with_etag(request, self._job_response(self._readable(pk), fields=fields))

    @extend_schema(request=EditSerializer, responses=JobSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change the title or the tags. Fields that are not sent keep their values."""
        job = self._writable(pk)
        form = EditSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        _edit(job, form.validated_data)
        return self._job_response(self._writable(pk))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Move the job to the bin; an active job is cancelled. See `/api/v1/bin/`."""
        services.discard(self._writable(pk).pk)
        return Response(status=204)

    @extend_schema(request=None, responses={200: JobSerializer} | problems(409))
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Cancel the job. 409 if it has already ended."""
        job = self._writable(pk)
        if not services.cancel(job.pk):
            raise Rejected("wrong_state", ALREADY_ENDED)
        return self._job_response(self._writable(pk))

    @extend_schema(request=RecipeSerializer, responses={200: JobSerializer} | problems(409, 429))
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: UUID) -> Response:
        """Queue a failed or cancelled job again, with changed settings if the body has some. 409 in any other state."""
        job = self._writable(pk)
        form = RecipeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        if not services.retry(job, replace(job.recipe_object(), **recipe_settings(form.validated_data))):
            raise Rejected("wrong_state", NOT_RETRYABLE)
        return self._job_response(self._writable(pk))

    @extend_schema(request=RemixSerializer, parameters=[IDEMPOTENCY_KEY], responses=REMIX_RESPONSES)
    @action(detail=True, methods=["post"])
    def remix(self, request: Request, pk: UUID) -> Response:
        """Create another version from the scene of a finished job, without running the network: a new child job."""
        job = self._writable(pk)
        form = RemixSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        recipe = replace(job.recipe_object(), **recipe_settings(form.validated_data))
        return self._created(services.remix(job, recipe, _idempotency_key(request)))

    @extend_schema(request=None, responses={200: JobSerializer} | problems(409))
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: UUID) -> Response:
        """Show the result, its title and its tags to everyone, but never the photo. 409 unless it has succeeded."""
        job = self._writable(pk)
        sharing.publish(job)
        return self._job_response(job)

    @extend_schema(responses={204: None})
    @publish.mapping.delete
    def unpublish(self, request: Request, pk: UUID) -> Response:
        """Make the result private again."""
        sharing.unpublish(self._writable(pk))
        return Response(status=204)

    @extend_schema(request=None, responses={200: ShareSerializer} | problems(409))
    @action(detail=True, methods=["post"])
    def share(self, request: Request, pk: UUID) -> Response:
        """Get a link under which anyone can view the result, but never the photo. 409 unless it has succeeded."""
        return Response(ShareSerializer(sharing.share(self._writable(pk))).data)

    @extend_schema(responses={204: None})
    @share.mapping.delete
    def revoke(self, request: Request, pk: UUID) -> Response:
        """Revoke the link. Sharing again creates a different one."""
        sharing.revoke(self._writable(pk))
        return Response(status=204)

    @extend_schema(request=PosterSerializer, responses={200: JobSerializer} | problems(409))
    @action(detail=True, methods=["post"])
    def poster(self, request: Request, pk: UUID) -> Response:
        """Make the turntable image nearest to `azimuth` the poster. 409 unless the job has succeeded."""
        job = self._writable(pk)
        form = PosterSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        posters.use_view(job, form.validated_data["azimuth"])
        return self._job_response(self._writable(pk))

    @extend_schema(parameters=[FormatSerializer], responses=FILES_RESPONSES)
    @action(detail=True, pagination_class=None)
    def files(self, request: Request, pk: UUID) -> Response:
        """List the result files; while the job is running, those that are already complete.

        With `format`, only its files. A format that the result was not made in is made from the stored scene: 202 and
        an empty list until then. 404 `format_missing` if there is no result. Of an archived job (`archived_at`), any
        format has all files made again.
        """
        job, name = self._readable(pk), read_query(FormatSerializer, request).get("format")
        artifacts = formats.files_of(request, job, name) if name else job.artifacts.all()
        if name and not artifacts:
            return Response([], status=202, headers={"Retry-After": str(formats.RETRY_SECONDS)})
        return Response(ArtifactSerializer(artifacts, many=True).data)

    @extend_schema(operation_id="jobs_file_download", **FILE_DOWNLOAD_SCHEMA)
    @action(detail=True, url_path="files/<file_name:name>", url_name="file")
    def file(self, request: Request, pk: UUID, name: str) -> HttpResponseBase:
        """Download one file. Supports ranges and ETags."""
        job = self._readable(pk)
        artifact = job.artifacts.select_related("job").filter(name=name).first()
        if artifact is None and job.archived_at:
            raise Rejected("archived")
        return file_response(request, artifact)

    @extend_schema(operation_id="jobs_events", **EVENT_STREAM_SCHEMA)
    @action(detail=True)
    def events(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Follow the job by server-sent events (`change`, `job`, `end`), see docs/api.md."""
        return stream(request, self._readable(pk))

    @extend_schema(operation_id="jobs_archive", **ARCHIVE_SCHEMA)
    @action(detail=True)
    def archive(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Download all result files as one ZIP, which is written while it is sent."""
        job = self._readable(pk)
        if job.archived_at:
            raise Rejected("archived")
        return archive_response(job, list(job.artifacts.all()))

    @extend_schema(request=None, responses=FileLinksSerializer, operation_id="jobs_links")
    @action(detail=True, methods=["post"])
    def links(self, request: Request, pk: UUID) -> Response:
        """Get addresses of all files that need no header, for viewers. They work for 15 minutes."""
        assert isinstance(request.user, User)
        expires_at, addresses = links_of(request, request.user, self._readable(pk))
        return Response(FileLinksSerializer({"expires_at": expires_at, "files": addresses}).data)

    @extend_schema(request=BulkSerializer, responses=BulkResultsSerializer, operation_id="jobs_bulk")
    @action(detail=False, methods=["post"], pagination_class=None)
    def bulk(self, request: Request) -> Response:
        """Delete, publish, unpublish, tag or untag several jobs. Each has a result of its own; the others are done."""
        assert isinstance(request.user, User)
        form = BulkSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        return Response({"results": bulk.run(request.user, values["action"], values["ids"], values.get("tags", ()))})

    def _readable(self, job_id: UUID) -> Job:
        return get_or_404(access.job_for_read(self.request.user, job_id))

    def _writable(self, job_id: UUID) -> Job:
        return get_or_404(access.job_for_write(self.request.user, job_id))

    def _job_response(
        self, job: Job, status: int = 200, fields: frozenset[str] = frozenset(), **headers: str
    ) -> Response:
        if job.state in POLL_SECONDS:
            headers["Retry-After"] = str(POLL_SECONDS[State(job.state)])
        context = {**self.get_serializer_context(), "fields": fields}
        return Response(JobSerializer(job, context=context).data, status=status, headers=headers)

    def _created(self, submission: services.Submission) -> Response:
        location = reverse("api:job-detail", args=[submission.job.pk])
        return self._job_response(submission.job, 202 if submission.created else 200, Location=location)


def _material(owner: User, values: dict[str, Any]) -> tuple[list[Upload], Recipe]:
    """The photos of a submission, the main one first, and its recipe. Raises Rejected, ReconstructionError."""
    photos: list[Upload] = uploads.photos(owner, values.get("upload", ()))
    photos += [(photo.read(), photo.name) for photo in values.get("photo", ())]
    recipe = submitted_recipe(values)
    if "cutout" not in values:
        require_subjects([data for data, _ in photos], recipe)
        return photos, recipe
    main, settings = cutouts.material(cutouts.get(owner, values["cutout"]))
    require_subjects([data for data, _ in photos], replace(recipe, subject=()))
    return [main, *photos], replace(recipe, **settings)


@transaction.atomic
def _edit(job: Job, values: dict[str, Any]) -> None:
    """Change title and tags; both or neither."""
    if "title" in values:
        services.rename(job, values["title"])
    if "tags" in values:
        tagging.set_tags(job, values["tags"])


def _idempotency_key(request: Request) -> str:
    return request.headers.get("Idempotency-Key", "")[:IDEMPOTENCY_KEY_LENGTH]
