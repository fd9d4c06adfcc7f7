"""What the API does with a door of jobs.core.access that stays shut."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from jobs.http.delivery import deliver
from jobs.models import Artifact, Job

FILE_DOWNLOAD: dict[str, Any] = {
    "parameters": [
        OpenApiParameter("name", location=OpenApiParameter.PATH),
        OpenApiParameter("download", bool, description="Send it as an attachment."),
    ],
    "responses": {(200, "application/octet-stream"): OpenApiTypes.BINARY},
}
"""The schema of an endpoint that sends a file."""


def found(job: Job | None) -> Job:
    """The job, or the 404 that is the same for a wrong id and for somebody else's."""
    if job is None:
        raise NotFound("There is no such job.")
    return job


def deliver_or_404(request: Request, artifact: Artifact | None) -> HttpResponseBase:
    """The bytes of a file that the caller has found behind a door."""
    if artifact is None:
        raise NotFound("There is no such file.")
    return deliver(request._request, artifact)
