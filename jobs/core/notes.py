"""The notes on a job: those on its photos, and once it has succeeded those on the result."""

from __future__ import annotations

from jobs.models import Job
from ml.notes import Note, notes_from_json


def notes_of(job: Job) -> list[Note]:
    """Each note once, those on the uploaded files first."""
    on_photos = [entry for photo in job.photos.all() for entry in photo.notes]
    return list(dict.fromkeys(notes_from_json([*on_photos, *job.report.get("notes", [])])))
