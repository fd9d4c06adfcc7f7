"""The API of jobs. Every act is a verb of jobs.services; every door is jobs.access."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle, ScopedRateThrottle

from accounts.models import User
from jobs import access, services
from jobs.api.errors import as_answer
from jobs.api.serializers import ArtifactSerializer, JobSerializer, RefusalSerializer, SubmitSerializer
from jobs.delivery import deliver
from jobs.failures import Refused
from jobs.models import Job, JobQuerySet
from ml.errors import ReconstructionError
from ml.recipe import Recipe

IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    location=OpenApiParameter.HEADER,
    description="Send the same key again after a lost answer: the same job comes back (200).",
)
SUBMIT_ANSWERS = {201: JobSerializer, 200: JobSerializer} | dict.fromkeys((400, 409, 413, 415, 507), RefusalSerializer)


class JobViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Job]):
    """Your jobs."""

    serializer_class = JobSerializer
    lookup_value_converter = "uuid"
    throttle_scope = "submit"

    def get_queryset(self) -> JobQuerySet:
        """The caller's own jobs, newest first."""
        jobs = access.jobs_of(self.request.user).prefetch_related("photos", "artifacts")
        return jobs.order_by("-created_at")

    def get_throttles(self) -> list[BaseThrottle]:
        """Only a submit costs the server minutes."""
        return [ScopedRateThrottle()] if self.action == "create" else []

    def get_parsers(self) -> list[Any]:
        """A photo arrives as a form."""
        return [MultiPartParser()] if self.action_map and "post" in self.action_map else super().get_parsers()

    @extend_schema(request=SubmitSerializer, parameters=[IDEMPOTENCY], responses=SUBMIT_ANSWERS)
    def create(self, request: Request) -> Response:
        """Send a photo. 201 with the new job, 200 with the earlier one of the same Idempotency-Key."""
        form = SubmitSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        done = self._submit(form.validated_data, request.headers.get("Idempotency-Key", "")[:100])
        answer = JobSerializer(done.job).data
        return Response(answer, status=201 if done.created else 200, headers={"Location": answer["urls"]["self"]})

    def _submit(self, wanted: dict[str, Any], key: str) -> services.Submission:
        assert isinstance(self.request.user, User)
        photo = wanted["photo"]
        recipe = Recipe(engine=wanted["engine"], quality=wanted["quality"])
        try:
            return services.submit(
                self.request.user, [(photo.read(), photo.name)], recipe, title=wanted["title"], idempotency_key=key
            )
        except (Refused, ReconstructionError) as error:
            raise as_answer(error) from error

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One job."""
        return Response(JobSerializer(self._readable(pk)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete the job with its photo and files; one under way is cancelled first."""
        services.delete(self._writable(pk).pk)
        return Response(status=204)

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Stop the job. 409 when it has ended already."""
        job = self._writable(pk)
        if not services.cancel(job.pk):
            raise as_answer(Refused("wrong_state", "The job has already ended."))
        return Response(JobSerializer(self._writable(pk)).data)

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: UUID) -> Response:
        """Queue a failed or cancelled job again. 409 in any other state."""
        try:
            done = services.retry(self._writable(pk))
        except Refused as error:
            raise as_answer(error) from error
        if not done:
            raise as_answer(Refused("wrong_state", "Only a failed or cancelled job can be tried again."))
        return Response(JobSerializer(self._writable(pk)).data)

    @extend_schema(responses=ArtifactSerializer(many=True))
    @action(detail=True, pagination_class=None)
    def files(self, request: Request, pk: UUID) -> Response:
        """The files of the result."""
        artifacts = self._readable(pk).artifacts.all()
        return Response(ArtifactSerializer(artifacts, many=True).data)

    @extend_schema(
        operation_id="jobs_file_download",
        parameters=[OpenApiParameter("name", location=OpenApiParameter.PATH)],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    @action(detail=True, url_path="files/<file_name:name>", url_name="file")
    def file(self, request: Request, pk: UUID, name: str) -> HttpResponseBase:
        """The bytes of one file. Ranges and ETags are understood."""
        artifact = self._readable(pk).artifacts.select_related("job").filter(name=name).first()
        if artifact is None:
            raise NotFound("There is no such file.")
        return deliver(request._request, artifact)

    def _readable(self, job_id: UUID) -> Job:
        return _found(access.job_for_read(self.request.user, job_id))

    def _writable(self, job_id: UUID) -> Job:
        return _found(access.job_for_write(self.request.user, job_id))


def _found(job: Job | None) -> Job:
    """The job, or the 404 that is the same for a wrong id and for somebody else's."""
    if job is None:
        raise NotFound("There is no such job.")
    return job
