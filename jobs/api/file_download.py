"""What the endpoints that send a file share."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from jobs.http.delivery import deliver
from jobs.http.lookup import get_or_404
from jobs.models import Artifact

FILE_DOWNLOAD_SCHEMA: dict[str, Any] = {
    "parameters": [
        OpenApiParameter("name", location=OpenApiParameter.PATH),
        OpenApiParameter("download", bool, description="Send the file as an attachment."),
    ],
    "responses": {(200, "application/octet-stream"): OpenApiTypes.BINARY},
}
"""Arguments of `extend_schema`."""


def file_response(request: Request, artifact: Artifact | None) -> HttpResponseBase:
    """The content of a file that an access check returned. Raises Http404."""
    return deliver(request._request, get_or_404(artifact, "file"))
