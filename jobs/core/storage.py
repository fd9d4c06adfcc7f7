"""Keys of a job's files in the private storage: made of UUIDs and our own names, never of user input."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import IO, Any, cast
from uuid import UUID

from django.core.files.storage import default_storage

from reconsite.core.stored import PrivateStorage

ROOT, CUTOUTS, UPLOADS = "jobs", "cutouts", "uploads"
CHUNK = 1024 * 1024
"""Bytes that are copied at once."""


def backend() -> PrivateStorage:
    """The storage that STORAGE_URL names."""
    return cast(PrivateStorage, default_storage)


def job_folder(job_id: UUID) -> str:
    """The folder of all files of one job."""
    return f"{ROOT}/{job_id}"


def photo_key(job_id: UUID, position: int, extension: str) -> str:
    """One of the job's photos; the main one is at position 0."""
    name = f"photo_{position}" if position else "photo"
    return f"{job_folder(job_id)}/{name}.{extension}"


def cutout_folder(cutout_id: UUID) -> str:
    """The folder of all files of one cutout that belongs to no job yet."""
    return f"{CUTOUTS}/{cutout_id}"


def upload_folder(upload_id: UUID) -> str:
    """The folder of a photo that arrives in parts."""
    return f"{UPLOADS}/{upload_id}"


def attempt_folder(job_id: UUID, token: UUID) -> str:
    """The folder of one run's results: two runs of a job never overwrite each other."""
    return f"{job_folder(job_id)}/{token}"


def early_folder(job_id: UUID, token: UUID) -> str:
    """The folder of the files that a run publishes before its end; deleted when the run ends, however it ends."""
    return f"{attempt_folder(job_id, token)}-early"


def delete_tree(folder: str) -> None:
    """Delete a folder of the storage and everything in it; a missing one is fine."""
    backend().delete_tree(folder)


def read_whole(key: str, sha256: str) -> bytes:
    """The bytes of a file. Raises FileNotFoundError if it is gone, or is not what was stored."""
    with backend().open(key) as stored:
        data = bytes(stored.read())
    _require(key, sha256, hashlib.sha256(data).hexdigest())
    return data


def copy_whole(key: str, sha256: str, path: Path) -> None:
    """Copy a file to a local path. Raises FileNotFoundError if it is gone, or is not what was stored."""
    with backend().open(key) as stored, path.open("wb") as copy:
        digest = _copy(stored, copy)
    _require(key, sha256, digest)


def _copy(source: IO[Any], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def _require(key: str, expected: str, found: str) -> None:
    """Rows from before SHA-256 was stored have none."""
    if expected and found != expected:
        raise FileNotFoundError(f"{key} is damaged: its SHA-256 is {found}, not {expected}")


def free_bytes() -> int | None:
    """Free space in the storage that holds photos and results; None if it has no limit."""
    return backend().free_bytes()
