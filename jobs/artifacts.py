"""From a folder of finished files to rows: files first, then all rows and the state in one transaction."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from jobs import storage, transitions
from jobs.models import Artifact, Job, State
from jobs.transitions import Writer


def store(job: Job, token: UUID, folder: Path, names: tuple[str, ...], report: dict[str, Any]) -> bool:
    """Keep the results of the run that holds `token`; False, and nothing kept, when the lease was lost."""
    target = storage.attempt_folder(job.pk, token)
    try:
        rows = [_keep(job, folder / name, f"{target}/{name}") for name in names]
        done = _write_rows(job, token, rows, report)
    except BaseException:
        storage.delete_tree(target)
        raise
    if not done:
        storage.delete_tree(target)
    return done


def _keep(job: Job, path: Path, key: str) -> Artifact:
    """Move one file; its row is not written yet."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = path.stat().st_size
    return Artifact(job=job, name=path.name, file=storage.keep(path, key), size=size, sha256=digest)


@transaction.atomic
def _write_rows(job: Job, token: UUID, rows: list[Artifact], report: dict[str, Any]) -> bool:
    """All rows or none, together with the state `succeeded`."""
    stage_seconds = {stage["name"]: stage["seconds"] for stage in report["stages"]}
    facts = {"engine": report["engine"], "stage_seconds": stage_seconds, "report": report, "progress": 1.0}
    if not transitions.advance(job.pk, State.SUCCEEDED, writer=Writer.WORKER, token=token, **facts):
        return False
    job.artifacts.all().delete()
    Artifact.objects.bulk_create(rows)
    return True
