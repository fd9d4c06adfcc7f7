"""Storing result files: the files first, then all rows and the state in one transaction."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files import File
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Sum

from jobs.core import notify, storage, transitions
from jobs.core.transitions import Writer
from jobs.models import Artifact, Job, State, changed
from ml import files
from reconsite.core.errors import Rejected
from reconsite.core.stored import NewFile, StorageUnavailable

SOURCE_FILES = (files.SCENE, files.INPUT, files.REPORT, *files.CUTOUTS)
"""What a remix needs of its parent; a job only has the cutouts of its own photos."""


def store(
    job: Job,
    token: UUID,
    folder: Path,
    names: tuple[str, ...],
    report: dict[str, Any],
    *,
    patiently: Callable[[Callable[[], bool]], bool] = lambda write: write(),
) -> bool:
    """Store the results of the run that holds `token`; False, and nothing is stored, when the lease was lost.

    `patiently` may try to write the rows again while the database is unavailable.
    """
    return _store_files(job, token, folder, names, lambda rows: _write_rows(job, token, rows, report), patiently)


def _store_files(
    job: Job,
    token: UUID,
    folder: Path,
    names: Sequence[str],
    write: Callable[[list[Artifact]], bool],
    patiently: Callable[[Callable[[], bool]], bool],
) -> bool:
    """Files to the storage, then their rows with `write`; the files are deleted unless the rows were written."""
    target = storage.attempt_folder(job.pk, token)
    try:
        rows = _move_in(job, [folder / name for name in names], target)
        done = patiently(lambda: write(rows)) or _is_stored(job, target)
    except (OperationalError, InterfaceError):
        raise  # the commit may have succeeded all the same; if not, the reconciler deletes the files
    except BaseException:
        with suppress(StorageUnavailable):  # then the reconciler deletes them
            storage.delete_tree(target)
        raise
    if not done:
        storage.delete_tree(target)
    return done


def _is_stored(job: Job, target: str) -> bool:
    """True if an earlier try was committed although its connection broke."""
    return Artifact.objects.filter(job=job, file__startswith=f"{target}/").exists()


def _move_in(job: Job, paths: list[Path], target: str) -> list[Artifact]:
    """Move the files into the storage; their rows are not saved yet."""
    files = [NewFile(path, f"{target}/{path.name}", _digest(path)) for path in paths]
    sizes = [path.stat().st_size for path in paths]
    keys = storage.backend().move_in(files)
    return [
        Artifact(job=job, name=new.path.name, file=key, size=size, sha256=new.sha256)
        for new, key, size in zip(files, keys, sizes, strict=True)
    ]


def copied(rows: Sequence[Artifact], target: str) -> list[Artifact]:
    """New rows, not saved yet, for copies of these files in the folder `target` of the storage.

    Raises FileNotFoundError if one is gone, or is not what was stored.
    """
    with tempfile.TemporaryDirectory() as name:
        for row in rows:
            storage.copy_whole(str(row.file), row.sha256, Path(name) / row.name)
        return _move_in(rows[0].job, [Path(name) / row.name for row in rows], target) if rows else []


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@transaction.atomic
def _write_rows(job: Job, token: UUID, rows: list[Artifact], report: dict[str, Any]) -> bool:
    """All rows or none, together with the state `succeeded`; they replace the early files."""
    stage_seconds = {stage["name"]: stage["seconds"] for stage in report["stages"]}
    fields = {"engine": report["engine"], "stage_seconds": stage_seconds, "report": report, "progress": 1.0}
    size = _photo_bytes(job) + sum(row.size for row in rows)
    if not transitions.advance(job.pk, State.SUCCEEDED, writer=Writer.WORKER, token=token, size=size, **fields):
        return False
    _create(rows)
    return True


def _create(rows: list[Artifact]) -> None:
    for row in rows:
        row.pk = None  # set by an earlier try that was rolled back
    Artifact.objects.bulk_create(rows)


def _photo_bytes(job: Job) -> int:
    return job.photos.aggregate(total=Sum("size"))["total"] or 0


def add(
    job: Job,
    token: UUID,
    folder: Path,
    names: Sequence[str],
    *,
    is_wanted: Callable[[], bool],
    patiently: Callable[[Callable[[], bool]], bool] = lambda write: write(),
) -> bool:
    """Add files to a finished result; False, and nothing is stored, if the result is gone or they are not wanted.

    `is_wanted` is called in the transaction that writes the rows. `token` names the folder, as in `store`.
    """
    return _store_files(job, token, folder, names, lambda rows: _add_rows(job, rows, is_wanted), patiently)


@transaction.atomic
def _add_rows(job: Job, rows: list[Artifact], is_wanted: Callable[[], bool]) -> bool:
    finished = Job.objects.filter(pk=job.pk, state=State.SUCCEEDED, deleted_at=None)
    size = sum(row.size for row in rows)
    if not is_wanted() or not finished.update(size=F("size") + size, **changed()):
        transaction.set_rollback(True)
        return False
    _create(rows)
    transaction.on_commit(lambda: notify.job_changed(job.pk), robust=True)
    return True


def store_early(job: Job, token: UUID, path: Path) -> bool:
    """Publish one complete file while the run that holds `token` continues; False if the lease was lost.

    The file is copied, because it is part of the result too. `transitions.advance` deletes row and copy when the run
    ends.
    """
    key = f"{storage.early_folder(job.pk, token)}/{path.name}"
    with path.open("rb") as file:
        key = storage.backend().save(key, File(file))
    row = {"file": key, "size": path.stat().st_size, "sha256": _digest(path)}
    try:
        done = _write_early_row(job, token, path.name, row)
    except BaseException:
        storage.backend().delete(key)
        raise
    if not done:
        storage.backend().delete(key)
    return done


@transaction.atomic
def _write_early_row(job: Job, token: UUID, name: str, row: dict[str, Any]) -> bool:
    leased = Job.objects.filter(pk=job.pk, state=State.RUNNING, lease_token=token)
    if not leased.update(**changed()):
        return False
    Artifact.objects.update_or_create(job=job, name=name, defaults=row)
    transaction.on_commit(lambda: notify.job_changed(job.pk), robust=True)
    return True


def require_source(job: Job | None) -> None:
    """Raises Rejected(`source_missing`) unless the scene of `job` still exists and nobody has hidden it."""
    scene = job.artifacts.filter(name=files.SCENE).first() if job and _is_visible(job) else None
    if scene is None or not storage.backend().exists(str(scene.file)):
        raise Rejected("source_missing")


def _is_visible(job: Job) -> bool:
    """False for a job that was deleted or hidden, perhaps since it was read."""
    return Job.objects.visible().filter(pk=job.pk).exists()


def copy_source(job: Job | None, folder: Path) -> None:
    """Copy what a remix needs of its parent into `folder`. Raises FileNotFoundError for a missing or hidden source."""
    if job is None or not _is_visible(job):
        raise FileNotFoundError("The source was deleted or hidden")
    sources = job.artifacts.filter(name__in=SOURCE_FILES)
    for artifact in sources:
        storage.copy_whole(str(artifact.file), artifact.sha256, folder / artifact.name)
    missing = {files.SCENE, files.INPUT, files.REPORT, files.CUTOUT} - {artifact.name for artifact in sources}
    if missing:
        raise FileNotFoundError(f"The source lacks {', '.join(sorted(missing))}")
