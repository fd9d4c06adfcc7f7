"""What the endpoints that send files share."""

from __future__ import annotations

from typing import Any

from django.http import JsonResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.request import Request

from jobs.api.base import ApiView
from jobs.api.conditional import NOT_MODIFIED
from jobs.api.schema import problems
from jobs.http.delivery import deliver
from jobs.http.download_names import slug_of
from jobs.http.lookup import get_or_404
from jobs.http.zip_stream import deliver_bundle, entries_of
from jobs.models import Artifact, Job
from ml import files
from reconsite.core.problems import CONTENT_TYPE, error, problem

FILE_TYPES = sorted({"application/octet-stream", *(file.content_type for file in files.result_files())})
"""Content types of result files."""
FILE_DOWNLOAD_SCHEMA: dict[str, Any] = {
    "parameters": [
        OpenApiParameter("name", location=OpenApiParameter.PATH),
        OpenApiParameter("download", bool, description="Send the file as an attachment."),
        OpenApiParameter("Range", location=OpenApiParameter.HEADER, description="One range of bytes."),
    ],
    "responses": {
        (200, *FILE_TYPES): OpenApiTypes.BINARY,
        (206, *FILE_TYPES): OpenApiTypes.BINARY,
        302: OpenApiResponse(description="The file is in a bucket: `Location` works for 15 minutes."),
    }
    | NOT_MODIFIED
    | problems(416),
}
"""Arguments of `extend_schema`."""
ARCHIVE_SCHEMA: dict[str, Any] = {"responses": {(200, "application/zip"): OpenApiTypes.BINARY}}


def file_response(request: Request, artifact: Artifact | None) -> HttpResponseBase:
    """The content of a file that an access check returned. Raises Http404."""
    response = deliver(request._request, get_or_404(artifact, "file"))
    return _unsatisfiable(response) if response.status_code == 416 else response


def archive_response(job: Job, artifacts: list[Artifact]) -> HttpResponseBase:
    """Files that an access check returned, as one ZIP that is written while it is sent. Raises Http404 without any."""
    slug = slug_of(job.title)
    return deliver_bundle(entries_of(get_or_404(artifacts or None, "file"), slug), f"{slug}.zip")


def _unsatisfiable(response: HttpResponseBase) -> HttpResponseBase:
    detail = "The file does not have this range. Its size is in the Content-Range header."
    body = problem(416, [error("range_not_satisfiable", detail)])
    headers = {"Content-Range": response["Content-Range"]}
    return JsonResponse(body, status=416, content_type=CONTENT_TYPE, headers=headers)


class FileActions(ApiView):
    """Those of `file_actions` send a file or a stream whatever content types the client accepts."""

    file_actions: tuple[str, ...] = ("file", "archive", "events")

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """The renderer; it only counts for errors."""
        is_file = getattr(self, "action", None) in self.file_actions
        return super().perform_content_negotiation(request, force or is_file)
