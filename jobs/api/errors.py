"""Refusals of the core as answers of the API."""

from __future__ import annotations

from rest_framework.exceptions import APIException, ValidationError
from rest_framework.settings import api_settings

from jobs.core.failures import Refused
from ml.errors import ReconstructionError

STATUS = {
    "too_large": 413,
    "unsupported_type": 415,
    "too_many_active": 429,
    "storage_full": 507,
    "quota_exceeded": 403,
    "idempotency_conflict": 409,
    "wrong_state": 409,
    "source_missing": 409,
    "preview_busy": 429,
    "preview_failed": 503,
}
"""HTTP status of a refusal; 400 for every other code."""
FIELDS = {
    "invalid_recipe": api_settings.NON_FIELD_ERRORS_KEY,
    "title_missing": "title",
    "too_many_tags": "tags",
    "tag_too_long": "tags",
}
"""The field that a refusal with 400 is about; the photo for every other code."""


class RefusedAnswer(APIException):
    """A refusal with the status that fits its code."""

    def __init__(self, error: Refused | ReconstructionError) -> None:
        self.status_code = STATUS.get(error.code, 400)
        super().__init__(detail=error.message, code=error.code)


def as_answer(error: Refused | ReconstructionError) -> APIException:
    """The answer for a refused photo, setting or act: a validation error of its field where it is a 400."""
    if error.code not in STATUS:
        return ValidationError({FIELDS.get(error.code, "photo"): [error.message]}, code=error.code)
    return RefusedAnswer(error)
