"""Working folders in `var/work`: what a run that was killed leaves there. Every machine clears its own disk."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from uuid import UUID

from django.conf import settings

from jobs.models import Conversion, Job, State

FRESH_SECONDS = 60.0
"""A folder is younger than its run, but a row may have ended a moment ago and its run is about to remove the folder."""
UUID_LENGTH = 36
"""Characters of a UUID."""
MAX_AGE_SECONDS = 3600.0
"""Beyond JOB_TIMEOUT: then nothing can be using a folder, whatever the rows say."""


def of_run(job_id: UUID) -> tempfile.TemporaryDirectory[str]:
    """A new folder for one run of the job, named `<job>-<worker>-<random>`, which the run removes at its end."""
    work = settings.VAR_DIR / "work"
    work.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=f"{job_id}-{_end_of(os.environ.get('RQ_WORKER_ID', ''))}-", dir=work)


def remove_all_of(worker: str) -> None:
    """Delete the folders of a worker whose run was killed; it has one run at a time.

    The engine may still be writing there: under another name a folder gets no more files.
    """
    for folder in (settings.VAR_DIR / "work").glob(f"*-{_end_of(worker)}-*"):
        with contextlib.suppress(OSError):  # then the sweep deletes it
            shutil.rmtree(folder.rename(folder.with_suffix(".old")))


def _end_of(worker: str) -> str:
    """The random end of a worker's name, which no other worker has."""
    return worker.rpartition(".")[2]


def sweep() -> int:
    """Delete folders whose job or conversion is not running; returns how many."""
    now = time.time()
    ages = {path: now - path.lstat().st_mtime for path in (settings.VAR_DIR / "work").glob("*")}
    old = {path for path, age in ages.items() if age > MAX_AGE_SECONDS + settings.JOB_TIMEOUT}
    unused = _unused([path for path, age in ages.items() if age > FRESH_SECONDS and path not in old])
    return sum(_delete(path) for path in (*old, *unused))


def _unused(folders: list[Path]) -> list[Path]:
    """Those of jobs and conversions that do not run; a folder that is not ours is left alone until it is old."""
    ids = {path: job_id for path in folders if (job_id := _job_id(path.name))}
    if not ids:
        return []
    running = set(Job.objects.filter(pk__in=ids.values(), state=State.RUNNING).values_list("pk", flat=True))
    waiting = Conversion.objects.filter(job__in=ids.values(), failed_at=None)
    converting = set(waiting.values_list("job_id", flat=True))
    return [path for path, job_id in ids.items() if job_id not in running | converting]


def _job_id(name: str) -> UUID | None:
    """Of a folder that begins with the id of a job."""
    try:
        return UUID(name[:UUID_LENGTH])
    except ValueError:
        return None


def _delete(path: Path) -> int:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return 1
