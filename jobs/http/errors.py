"""How a rejection of the core is sent over HTTP: status, field and exception, for the API and the pages alike."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.settings import api_settings

from jobs.core.conversions import REPEAT_SECONDS
from ml.errors import ReconstructionError
from reconsite.core.errors import Rejected

STATUS = {
    "too_large": 413,
    "unsupported_type": 415,
    "no_subject": 422,
    "too_thin": 422,
    "too_many_active": 429,
    "storage_full": 507,
    "quota_exceeded": 403,
    "too_many_tokens": 403,
    "second_factor_required": 401,
    "wrong_code": 401,
    "second_factor_missing": 403,
    "too_many_webhooks": 403,
    "too_many_collections": 403,
    "sign_up_closed": 403,
    "format_missing": 404,
    "archived": 409,
    "conversion_failed": 503,
    "email_failed": 503,
    "idempotency_conflict": 409,
    "wrong_state": 409,
    "source_missing": 409,
    "photos_busy": 503,
    "offset_conflict": 409,
    "upload_incomplete": 409,
    "tus_version": 412,
    "checksum_mismatch": 460,
    "preview_busy": 429,
    "preview_failed": 503,
}
"""HTTP status of a rejection; 400 for every other code."""
RETRY_AFTER_SECONDS = {
    "conversion_failed": REPEAT_SECONDS,
    "email_failed": 60,
    "photos_busy": 5,
    "preview_busy": 3,
    "preview_failed": 3,
    "too_many_active": 15,
}
"""Value of the Retry-After header. A preview takes about a second, and several may be waiting; a job takes longer."""
ALREADY_ENDED = "The job has already ended."
NOT_RETRYABLE = "Only a failed or cancelled job can be retried."
"""Messages for `wrong_state`, where the command itself only returns False."""
FIELDS = {
    "invalid_recipe": api_settings.NON_FIELD_ERRORS_KEY,
    "title_missing": "title",
    "collection_title_missing": "title",
    "too_many_models": "jobs",
    "too_many_tags": "tags",
    "tag_too_long": "tags",
    "invalid_key": "key",
    "cutout_missing": "cutout",
    "mask_size": "mask",
    "upload_missing": "upload",
    "checksum_unknown": "Upload-Checksum",
    "webhook_address": "url",
}
"""The field that a rejection with status 400 is about; the photo for every other code."""


class RejectionException(APIException):
    """A rejection with the HTTP status of its code."""

    def __init__(self, error: Rejected | ReconstructionError) -> None:
        self.status_code = STATUS.get(error.code, 400)
        self.wait = RETRY_AFTER_SECONDS.get(error.code)  # becomes the Retry-After header
        super().__init__(detail=error.message, code=error.code)


def with_retry_after(response: HttpResponse, code: str) -> HttpResponse:
    """The response of a page to a rejection, with the header that its code has."""
    if code in RETRY_AFTER_SECONDS:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS[code])
    return response


def as_api_exception(error: Rejected | ReconstructionError) -> APIException:
    """The exception that REST framework turns into the response: a validation error of the field for status 400."""
    if error.code not in STATUS:
        return ValidationError({FIELDS.get(error.code, "photo"): [error.message]}, code=error.code)
    return RejectionException(error)
