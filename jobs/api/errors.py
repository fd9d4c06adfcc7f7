"""Refusals of the core as answers of the API."""

from __future__ import annotations

from rest_framework.exceptions import APIException, ValidationError

from jobs.failures import Refused
from ml.errors import ReconstructionError

STATUS = {
    "too_large": 413,
    "unsupported_type": 415,
    "too_many_active": 429,
    "storage_full": 507,
    "quota_exceeded": 507,
    "idempotency_conflict": 409,
    "wrong_state": 409,
    "preview_busy": 429,
    "preview_failed": 503,
}
"""HTTP status of a refusal; 400 for every other code."""


class RefusedAnswer(APIException):
    """A refusal with the status that fits its code."""

    def __init__(self, error: Refused | ReconstructionError) -> None:
        self.status_code = STATUS.get(error.code, 400)
        super().__init__(detail=error.message, code=error.code)


def as_answer(error: Refused | ReconstructionError) -> APIException:
    """The answer for a refused photo (a validation error of that field where it is a 400) or act."""
    if error.code not in STATUS:
        return ValidationError({"photo": [error.message]}, code=error.code)
    return RefusedAnswer(error)
