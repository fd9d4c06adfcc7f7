"""Turns the exceptions of the core into responses of the API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.http import Http404
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework.exceptions import APIException, NotFound, ParseError
from rest_framework.response import Response

from jobs.http.errors import as_api_exception
from ml.errors import ReconstructionError
from reconsite.core import problems
from reconsite.core.busy import RETRY_SECONDS, UNAVAILABLE
from reconsite.core.errors import MESSAGES, Rejected


class Busy(APIException):
    """The database is locked or restarting."""

    status_code = 503
    default_code = "busy"
    default_detail = MESSAGES["busy"]
    wait = RETRY_SECONDS  # becomes the Retry-After header


class ApiExceptionHandler(ExceptionHandler):
    """Knows the rejections of the core, and keeps the message of a 404."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        """The exception of REST framework for `exc`; others are returned unchanged."""
        if isinstance(exc, Rejected | ReconstructionError):
            return as_api_exception(exc)
        if isinstance(exc, TooManyFilesSent):
            return as_api_exception(Rejected("too_many_photos"))
        if isinstance(exc, RequestDataTooBig):
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1000
            return as_api_exception(Rejected("too_large", f"The request is larger than {limit} kB."))
        if isinstance(exc, SuspiciousOperation):  # a form with too many fields, and the like
            return ParseError()
        if isinstance(exc, UNAVAILABLE):
            return Busy()
        if isinstance(exc, Http404):
            return NotFound(str(exc) or None)
        return super().convert_known_exceptions(exc)

    def get_response(self, exc: APIException, data: dict[str, Any]) -> Response:
        """The response, with the content type of problem details."""
        headers = self.get_headers(exc)
        return Response(data, status=exc.status_code, headers=headers, content_type=problems.CONTENT_TYPE)


class ProblemFormatter(ExceptionFormatter):
    """The body of an error response as problem details."""

    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        """All errors of the exception, in the shape that the whole site uses."""
        errors = [problems.error(error.code, error.detail, error.attr) for error in error_response.errors]
        return problems.problem(self.exc.status_code, errors, error_response.type)
