"""Why a job can fail or a request can be rejected: one closed list of codes, each with its message for the user."""

from __future__ import annotations

from ml.errors import MESSAGES as RECONSTRUCTION_MESSAGES
from ml.recipe import MAX_PHOTOS

MESSAGES: dict[str, str] = {
    **RECONSTRUCTION_MESSAGES,
    "timeout": "This took longer than the server allows. Try a lower quality.",
    "worker_lost": "The server stopped working on this model. Your photos are safe: press “Try again”.",
    "photo_missing": "The photo of this job no longer exists. Upload it again.",
    "source_missing": "The original model no longer exists. Upload its photo again.",
    "storage_full": "The server is out of storage. Nothing was saved; try again later.",
    "internal": "Something went wrong on the server. Press “Try again”. If it keeps happening, contact the operator.",
    "quota_exceeded": "Your storage is full. Delete models and empty your bin, or ask the operator for more storage.",
    "too_many_tokens": "You've reached the maximum number of API tokens. Revoke one first.",
    "second_factor_required": "The password is right. Also send a code from the authenticator app, or a recovery code.",
    "wrong_code": "Wrong code. Enter a current code from your authenticator app, or an unused recovery code.",
    "second_factor_missing": "Your role requires two-factor authentication. Set it up on your account page first.",
    "too_many_active": "You've reached the maximum number of active jobs. Wait for one to finish.",
    "idempotency_conflict": "This Idempotency-Key was used with other photos or settings. Use a new key.",
    "photos_busy": "Too many photos are being checked right now. Wait a few seconds and send them again.",
    "preview_busy": "Too many photos are being cut out right now. Wait a few seconds, or send the photo as it is.",
    "preview_failed": "The cutout preview isn't available right now. Try again, or send the photo as it is.",
    "busy": "The server is busy. Try again in a few seconds.",
    "wrong_state": "This isn't possible right now.",
    "no_photo": "No photo was sent. Choose one and try again.",
    "too_many_photos": f"A model can have at most {MAX_PHOTOS} photos. Remove some.",
    "title_missing": "Enter a name for the model.",
    "collection_title_missing": "Enter a name for the collection.",
    "too_many_collections": "You've reached the maximum number of collections. Delete one first.",
    "too_many_models": "A collection can have at most 200 models. Remove some.",
    "too_many_tags": "A model can have at most 10 tags. Remove some.",
    "tag_too_long": "A tag can have at most 30 characters. Shorten it.",
    "reason_missing": "Enter a reason. It is kept in the audit log.",
    "cutout_missing": "There is no such cutout. It is kept for an hour: create another one from the photo.",
    "upload_missing": "There is no such upload. It is kept for a day: send the photo again.",
    "upload_incomplete": "Some parts of the upload have not arrived yet. Send them first.",
    "offset_conflict": "The upload has another length by now. Ask for it and continue there.",
    "checksum_mismatch": "The part was damaged on its way. Send it again.",
    "checksum_unknown": "The checksum must be “sha1” or “sha256”, a space, and the digest in base64.",
    "tus_version": "This version of the upload protocol is not supported. Use 1.0.0.",
    "mask_size": "The mask must have the width and height of the cutout's picture.",
    "too_many_webhooks": "You've reached the maximum number of webhooks. Delete one first.",
    "webhook_address": "Webhooks cannot be sent to this address. Use a public http or https address.",
    "format_missing": "This job has no model that could be had in this format.",
    "conversion_failed": "The model could not be converted to this format. Try again in a minute.",
    "archived": "This model is archived: only its photos and scene are kept. Make its files again first.",
    "sign_up_closed": "New people cannot sign up on this server. Ask the operator for an account.",
    "invalid_key": "This link is invalid or has expired. Request another one.",
    "email_failed": "The email could not be sent. Try again later, or contact the operator.",
    "cannot_ban": "You can't ban yourself or staff. Remove their staff status first.",
}


TRANSIENT_FAILURES = frozenset({"worker_lost", "internal", "storage_full", "timeout", "out_of_memory"})
"""Failures that have nothing to do with the photo: the same job may succeed when it is retried."""


class Rejected(Exception):
    """A request that the rules do not allow: `code` is a key of `MESSAGES`, `message` is ready to be shown."""

    def __init__(self, code: str, message: str | None = None) -> None:
        self.code = code
        self.message = message or MESSAGES[code]
        super().__init__(self.message)
