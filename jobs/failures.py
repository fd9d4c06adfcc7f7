"""Why a job can fail or an act on it can be refused: one closed list of codes, each with its sentence."""

from __future__ import annotations

from ml.errors import SENTENCES as PICTURE_SENTENCES

SENTENCES: dict[str, str] = {
    **PICTURE_SENTENCES,
    "timeout": "This took longer than the server allows. Try a lower quality.",
    "worker_lost": "The worker that made this model stopped. Nothing of yours is lost: press “Try again”.",
    "photo_missing": "The photo of this job is no longer there. Upload it again.",
    "storage_full": "The server has no room left. Nothing was stored; try again later.",
    "internal": "Something went wrong on the server. Press “Try again”; if it happens twice, tell the operator.",
    "quota_exceeded": "Your photos and models take all the room that is yours. Delete some, or ask the operator.",
    "too_many_active": "You have as many jobs under way as this server allows. Wait for one to end.",
    "idempotency_conflict": "This Idempotency-Key was used with another photo or other settings. Use a new key.",
    "wrong_state": "The job is not in a state in which this can be done.",
}


class Refused(Exception):
    """An act that the rules do not allow: `code` from `SENTENCES`, `message` ready to be shown."""

    def __init__(self, code: str, message: str | None = None) -> None:
        self.code = code
        self.message = message or SENTENCES[code]
        super().__init__(self.message)
