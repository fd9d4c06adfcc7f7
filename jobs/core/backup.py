"""A copy of all rows and all files of the site, and the way back.

A backup is a folder: `rows.jsonl.gz` (Django's serialization, the same for SQLite and PostgreSQL, times to the
millisecond), `files/` with every photo and result under its key, and `manifest.json` with their SHA-256, which is
written last. The rows are read first, in one transaction: files that come later belong to no row in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.files import File
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from accounts.models import User
from jobs.core import storage
from jobs.models import Artifact, Photo

ROWS, FILES, MANIFEST = "rows.jsonl.gz", "files", "manifest.json"
LEFT_OUT = (
    "sessions",
    "usersessions",
    "admin.logentry",
    "jobs.workerheartbeat",
    "contenttypes",
    "auth.permission",
    "knox",
    "django_rq",
)
"""Of the running site, made by `migrate`, or without a table. People sign in again after a restore."""
ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
"""On PostgreSQL, all tables as they were at one moment; SQLite's transactions are like that."""


@dataclass(frozen=True)
class Summary:
    """Number of files in a backup. `missing`: keys of files that rows refer to, but that were gone or damaged."""

    files: int
    missing: tuple[str, ...] = ()


class BackupError(Exception):
    """A backup cannot be written or restored, and why."""


def write(folder: Path) -> Summary:
    """Write a backup into a new folder. Raises BackupError if it exists already."""
    if folder.exists():
        raise BackupError(f"{folder} exists already.")
    (folder / FILES).mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)
    wanted = _write_rows(folder / ROWS)
    found: dict[str, str] = {}
    missing = []
    for key, sha256 in wanted.items():
        try:
            found[key] = _copy_out(key, sha256, folder / FILES / key)
        except FileNotFoundError:
            missing.append(key)
    manifest = {"version": settings.VERSION, "migrations": _migrations(), "files": found}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1))
    return Summary(len(found), tuple(missing))


def _write_rows(path: Path) -> dict[str, str]:
    """All rows; returns key and SHA-256 of the files that they refer to."""
    with transaction.atomic():
        if connection.vendor == "postgresql" and len(connection.savepoint_ids) == 0:
            with connection.cursor() as cursor:
                cursor.execute(ONE_MOMENT)
        wanted = dict(_stored_files())
        call_command(
            "dumpdata", format="jsonl", output=str(path), exclude=LEFT_OUT, use_natural_foreign_keys=True, verbosity=0
        )
    return wanted


def _stored_files() -> Iterator[tuple[str, str]]:
    for key, sha256 in Photo.objects.values_list("file", "file_sha256"):
        yield str(key), sha256
    for key, sha256 in Artifact.objects.values_list("file", "sha256"):
        yield str(key), sha256


def _copy_out(key: str, sha256: str, path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    storage.copy_whole(key, sha256, path)
    return sha256 or _digest(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _migrations() -> list[str]:
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def restore(folder: Path) -> Summary:
    """Fill an empty, migrated database and the storage. Raises BackupError; then no row is written."""
    manifest = _checked(folder)
    for key in manifest["files"]:
        with (folder / FILES / key).open("rb") as file:
            storage.backend().delete(key)
            storage.backend().save(key, File(file))
    with transaction.atomic():
        Group.objects.all().delete()  # those that `migrate` made; the backup has its own
        call_command("loaddata", str(folder / ROWS), verbosity=0)
    return Summary(len(manifest["files"]))


def _checked(folder: Path) -> dict[str, Any]:
    """The manifest, after a look at everything that it names."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except OSError as error:
        raise BackupError(f"{folder} is not a complete backup: {error}") from error
    if manifest["migrations"] != _migrations():
        raise BackupError(f"The database has other migrations than the backup, of version {manifest['version']}.")
    if User.objects.exists():
        raise BackupError("The database is not empty: restore into a new one, after `manage.py migrate`.")
    damaged = [key for key, sha256 in manifest["files"].items() if not _is_whole(folder / FILES / key, sha256)]
    if damaged:
        raise BackupError(f"{len(damaged)} files of the backup are damaged or missing, the first of them: {damaged[0]}")
    return manifest


def _is_whole(path: Path, sha256: str) -> bool:
    return path.is_file() and _digest(path) == sha256
