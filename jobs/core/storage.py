"""Keys of a job's files in the private storage: made of UUIDs and our own names, never of user input."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

ROOT, CUTOUTS = "jobs", "cutouts"


class MovableFile(File):  # type: ignore[type-arg]
    """A file that the storage may move instead of copying it, as it does with uploads."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.open("rb"), name=path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        """The file's current path."""
        return str(self._path)


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


def attempt_folder(job_id: UUID, token: UUID) -> str:
    """The folder of one run's results: two runs of a job never overwrite each other."""
    return f"{job_folder(job_id)}/{token}"


def early_folder(job_id: UUID, token: UUID) -> str:
    """The folder of the files that a run publishes before its end; deleted when the run ends, however it ends."""
    return f"{attempt_folder(job_id, token)}-early"


def move_in(path: Path, key: str) -> str:
    """Move a finished local file into the storage under `key`; returns the key."""
    with MovableFile(path) as file:
        return default_storage.save(key, file)


def delete_tree(folder: str) -> None:
    """Delete a folder of the storage and everything in it; a missing one is fine."""
    try:
        folders, files = default_storage.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in files:
        default_storage.delete(f"{folder}/{name}")
    for name in folders:
        delete_tree(f"{folder}/{name}")
    with contextlib.suppress(OSError):
        default_storage.delete(folder)


def free_bytes() -> int:
    """Free space on the disk that holds photos and results."""
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(settings.MEDIA_ROOT).free
