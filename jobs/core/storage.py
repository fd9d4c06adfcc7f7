"""Where a job's files lie in the private storage. Keys are made of UUIDs and our own names, never of a user's."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

ROOT = "jobs"


class MovableFile(File):  # type: ignore[type-arg]
    """A file that the storage may move into place instead of copying it, as it does with uploads."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.open("rb"), name=path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        """Where the file lies now."""
        return str(self._path)


def job_folder(job_id: UUID) -> str:
    """Everything of one job."""
    return f"{ROOT}/{job_id}"


def photo_key(job_id: UUID, position: int, extension: str) -> str:
    """One of the job's photos; the main one is at position 0."""
    name = f"photo_{position}" if position else "photo"
    return f"{job_folder(job_id)}/{name}.{extension}"


def attempt_folder(job_id: UUID, token: UUID) -> str:
    """The results of one run: two runs of a job never write over each other."""
    return f"{job_folder(job_id)}/{token}"


def early_folder(job_id: UUID, token: UUID) -> str:
    """What a run shows before its end; it goes when the run ends, however that is."""
    return f"{attempt_folder(job_id, token)}-early"


def keep(path: Path, key: str) -> str:
    """Move a finished local file into the storage under `key`; returns the key."""
    with MovableFile(path) as file:
        return default_storage.save(key, file)


def delete_tree(folder: str) -> None:
    """Remove a folder of the storage with all it holds; one that is not there is fine."""
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
