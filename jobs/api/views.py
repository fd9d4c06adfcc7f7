"""The API of jobs. Every act is a verb of the core; every door is jobs.core.access."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.http.response import HttpResponseBase
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle, ScopedRateThrottle

from accounts.models import User
from jobs.api.doors import FILE_DOWNLOAD, deliver_or_404, found
from jobs.api.recipes import RemixSerializer, SubmitSerializer, recipe_choices
from jobs.api.serializers import EditSerializer, RefusalSerializer, SearchSerializer, ShareSerializer
from jobs.core import access, services, sharing, tagging
from jobs.core.search import search
from jobs.http.errors import as_api_exception
from jobs.http.serializers import ArtifactSerializer, JobSerializer
from jobs.models import Job, JobQuerySet
from ml.errors import ReconstructionError
from ml.recipe import Recipe
from reconsite.core.errors import Rejected

T = TypeVar("T")

IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    description="Send the same key again after a lost answer: the same job comes back (200).",
)
MADE = {201: JobSerializer, 200: JobSerializer}
SUBMIT_ANSWERS = MADE | dict.fromkeys((400, 403, 409, 413, 415, 507), RefusalSerializer)
REMIX_ANSWERS = MADE | dict.fromkeys((400, 403, 409, 507), RefusalSerializer)
SCOPES = {"create": "submit", "remix": "submit", "share": "share"}
"""The acts that are limited in number, and the limit that counts them."""


class JobViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Job]):
    """Your jobs."""

    serializer_class = JobSerializer
    lookup_value_converter = "uuid"

    def get_queryset(self) -> JobQuerySet:
        """The caller's own jobs, as the address narrows and orders them."""
        asked = SearchSerializer(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        words = asked.validated_data
        jobs = search(access.jobs_of(self.request.user), words["q"], words["sort"], words["tag"], words["state"])
        return jobs.prefetch_related("photos", "artifacts", "tags", "share_links")

    def get_serializer_context(self) -> dict[str, Any]:
        """With who looks."""
        return {**super().get_serializer_context(), "viewer": self.request.user}

    def get_throttles(self) -> list[BaseThrottle]:
        """Acts that cost the server minutes, or others their peace."""
        self.throttle_scope = SCOPES.get(self.action or "", "")
        return [ScopedRateThrottle()] if self.throttle_scope else []

    def get_parsers(self) -> list[Any]:
        """Photos arrive as a form."""
        is_submit = bool(self.action_map) and self.action_map.get("post") == "create"
        return [MultiPartParser()] if is_submit else super().get_parsers()

    @extend_schema(parameters=[SearchSerializer])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your jobs, a page at a time."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=SubmitSerializer, parameters=[IDEMPOTENCY], responses=SUBMIT_ANSWERS)
    def create(self, request: Request) -> Response:
        """Send photos. 201 with the new job, 200 with the earlier one of the same Idempotency-Key."""
        form = SubmitSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wanted = form.validated_data
        owner = request.user
        assert isinstance(owner, User)

        def submit() -> services.Submission:
            photos = [(photo.read(), photo.name) for photo in wanted["photo"]]
            recipe = Recipe(**recipe_choices(wanted))
            return services.submit(owner, photos, recipe, title=wanted.get("title", ""), idempotency_key=_key(request))

        return self._made(_or_refusal(submit))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One job."""
        return self._answer(self._readable(pk))

    @extend_schema(request=EditSerializer, responses=JobSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change title or tags; what is not sent stays."""
        job = self._writable(pk)
        form = EditSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        _or_refusal(lambda: _edit(job, form.validated_data))
        return self._answer(self._writable(pk))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete the job with its photos and files; one under way is cancelled first."""
        services.delete(self._writable(pk).pk)
        return Response(status=204)

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Stop the job. 409 when it has ended already."""
        job = self._writable(pk)
        if not services.cancel(job.pk):
            raise as_api_exception(Rejected("wrong_state", "The job has already ended."))
        return self._answer(self._writable(pk))

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: UUID) -> Response:
        """Queue a failed or cancelled job again. 409 in any other state."""
        job = self._writable(pk)
        if not _or_refusal(lambda: services.retry(job)):
            raise as_api_exception(Rejected("wrong_state", "Only a failed or cancelled job can be tried again."))
        return self._answer(self._writable(pk))

    @extend_schema(request=RemixSerializer, parameters=[IDEMPOTENCY], responses=REMIX_ANSWERS)
    @action(detail=True, methods=["post"])
    def remix(self, request: Request, pk: UUID) -> Response:
        """Make another result of a finished job's scene, without the network: a new job, the child of this one."""
        job = self._writable(pk)
        form = RemixSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        choices = recipe_choices(form.validated_data)
        return self._made(
            _or_refusal(lambda: services.remix(job, replace(job.recipe_object(), **choices), _key(request)))
        )

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: UUID) -> Response:
        """Show the result, its title and its tags to everybody, never the photo. 409 unless it has succeeded."""
        job = self._writable(pk)
        _or_refusal(lambda: sharing.publish(job))
        return self._answer(job)

    @extend_schema(responses={204: None})
    @publish.mapping.delete
    def unpublish(self, request: Request, pk: UUID) -> Response:
        """Show it to nobody else any more."""
        sharing.unpublish(self._writable(pk))
        return Response(status=204)

    @extend_schema(request=None, responses=ShareSerializer)
    @action(detail=True, methods=["post"])
    def share(self, request: Request, pk: UUID) -> Response:
        """The link under which anybody sees the result, never the photo. 409 unless it has succeeded."""
        job = self._writable(pk)
        return Response(ShareSerializer(_or_refusal(lambda: sharing.share(job))).data)

    @extend_schema(responses={204: None})
    @share.mapping.delete
    def revoke(self, request: Request, pk: UUID) -> Response:
        """The link leads nowhere from now on; the next one is another."""
        sharing.revoke(self._writable(pk))
        return Response(status=204)

    @extend_schema(responses=ArtifactSerializer(many=True))
    @action(detail=True, pagination_class=None)
    def files(self, request: Request, pk: UUID) -> Response:
        """The files of the result; while it is made, those that are whole already."""
        artifacts = self._readable(pk).artifacts.all()
        return Response(ArtifactSerializer(artifacts, many=True).data)

    @extend_schema(operation_id="jobs_file_download", **FILE_DOWNLOAD)
    @action(detail=True, url_path="files/<file_name:name>", url_name="file")
    def file(self, request: Request, pk: UUID, name: str) -> HttpResponseBase:
        """The bytes of one file. Ranges and ETags are understood."""
        artifacts = self._readable(pk).artifacts.select_related("job")
        return deliver_or_404(request, artifacts.filter(name=name).first())

    def _readable(self, job_id: UUID) -> Job:
        return found(access.job_for_read(self.request.user, job_id))

    def _writable(self, job_id: UUID) -> Job:
        return found(access.job_for_write(self.request.user, job_id))

    def _answer(self, job: Job, status: int = 200, **headers: str) -> Response:
        return Response(self.get_serializer(job).data, status=status, headers=headers)

    def _made(self, done: services.Submission) -> Response:
        place = {"Location": reverse("api:job-detail", args=[done.job.pk])}
        return self._answer(done.job, 201 if done.created else 200, **place)


@transaction.atomic
def _edit(job: Job, wanted: dict[str, Any]) -> None:
    """Title and tags, both or none."""
    if "title" in wanted:
        services.rename(job, wanted["title"])
    if "tags" in wanted:
        tagging.set_tags(job, wanted["tags"])


def _key(request: Request) -> str:
    return request.headers.get("Idempotency-Key", "")[:100]


def _or_refusal(act: Callable[[], T]) -> T:
    """What `act` gives; a refusal of the core as the API's answer."""
    try:
        return act()
    except (Rejected, ReconstructionError) as error:
        raise as_api_exception(error) from error
