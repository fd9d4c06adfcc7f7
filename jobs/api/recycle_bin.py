"""The bin: what you deleted in the last days, to restore or to delete for good."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.base import ApiViewSet
from jobs.api.queries import PageSerializer, read_query
from jobs.api.schema import problems
from jobs.core import access, services
from jobs.http.lookup import get_or_404
from jobs.http.serializers import JobSerializer
from jobs.models import Job, JobQuerySet, State


class BinnedJobSerializer(serializers.ModelSerializer[Job]):
    """A job in the bin. None of its files is served."""

    state = serializers.ChoiceField(choices=State.choices, read_only=True)
    deleted_at = serializers.DateTimeField()
    purge_at = serializers.DateTimeField(help_text="When it is deleted for good.")

    class Meta:
        model = Job
        fields = ("id", "title", "state", "size", "created_at", "deleted_at", "purge_at")
        read_only_fields = fields


class BinViewSet(mixins.ListModelMixin, ApiViewSet[Job]):
    """Your bin."""

    serializer_class = BinnedJobSerializer
    lookup_value_converter = "uuid"

    def get_queryset(self) -> JobQuerySet:
        """What the user deleted, latest first."""
        read_query(PageSerializer, self.request)
        return access.bin_of(self.request.user).order_by("-deleted_at", "pk")

    @extend_schema(parameters=[PageSerializer])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List what is in your bin."""
        return super().list(request, *args, **kwargs)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete the job for good, with its photos and files."""
        services.delete(self._binned(pk).pk)
        return Response(status=204)

    @extend_schema(request=None, responses={204: None}, operation_id="bin_empty")
    @action(detail=False, methods=["post"], pagination_class=None)
    def empty(self, request: Request) -> Response:
        """Delete everything in the bin for good."""
        for job_id in access.bin_of(request.user).values_list("pk", flat=True):
            services.delete(job_id)
        return Response(status=204)

    @extend_schema(request=None, responses={200: JobSerializer} | problems(404), operation_id="bin_restore")
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: UUID) -> Response:
        """Take the job out of the bin as it was: shared and published too, if it was that."""
        services.restore(self._binned(pk).pk)
        job = get_or_404(access.job_for_write(request.user, pk))
        return Response(JobSerializer(job, context={"viewer": request.user}).data)

    def _binned(self, job_id: UUID) -> Job:
        return get_or_404(access.bin_of(self.request.user).filter(pk=job_id).first())
