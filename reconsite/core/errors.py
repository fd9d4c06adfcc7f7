"""Why a job can fail or a request can be rejected: one closed list of codes, each with its message for the user."""

from __future__ import annotations

from ml.errors import MESSAGES as RECONSTRUCTION_MESSAGES
from ml.recipe import MAX_PHOTOS

MESSAGES: dict[str, str] = {
    **RECONSTRUCTION_MESSAGES,
    "timeout": "This took longer than the server allows. Try a lower quality.",
    "worker_lost": "The worker that made this model stopped. Nothing of yours is lost: press “Try again”.",
    "photo_missing": "The photo of this job is no longer there. Upload it again.",
    "source_missing": "The model that this one is made from is no longer there. Upload its photo again.",
    "storage_full": "The server has no room left. Nothing was stored; try again later.",
    "internal": "Something went wrong on the server. Press “Try again”; if it happens twice, tell the operator.",
    "quota_exceeded": "Your photos and models take all the room that is yours. Delete some, or ask the operator.",
    "too_many_tokens": "You have as many API tokens as one person may have. Revoke one first.",
    "too_many_active": "You have as many jobs under way as this server allows. Wait for one to end.",
    "idempotency_conflict": "This Idempotency-Key was used with another photo or other settings. Use a new key.",
    "preview_busy": "Many people are cutting photos right now. Wait a few seconds, or send the photo as it is.",
    "preview_failed": "The cutout could not be made just now. Try again, or send the photo as it is.",
    "wrong_state": "The job is not in a state in which this can be done.",
    "no_photo": "There is no photo. Choose one and send it again.",
    "too_many_photos": f"At most {MAX_PHOTOS} photos make one model. Leave some out.",
    "title_missing": "A model needs a name. Write one.",
    "too_many_tags": "A model can have at most 10 tags. Take some away.",
    "tag_too_long": "A tag has at most 30 characters. Make it shorter.",
    "reason_missing": "Say why: the reason is kept with what you did.",
    "cannot_ban": "You can ban neither yourself nor staff. Take the staff rights away first.",
}

TRANSIENT_FAILURES = frozenset({"worker_lost", "internal", "storage_full", "timeout", "out_of_memory"})
"""Failures that have nothing to do with the photo: the same job may succeed when it is retried."""


class Rejected(Exception):
    """A request that the rules do not allow: `code` is a key of `MESSAGES`, `message` is ready to be shown."""

    def __init__(self, code: str, message: str | None = None) -> None:
        self.code = code
        self.message = message or MESSAGES[code]
        super().__init__(self.message)
