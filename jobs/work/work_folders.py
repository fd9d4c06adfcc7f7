"""Working folders in `var/work`: what a run that was killed leaves there. Every machine clears its own disk."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from uuid import UUID

from django.conf import settings

from jobs.models import Conversion, Job, State

FRESH_SECONDS = 60.0
"""A folder is younger than its run, but a row may have ended a moment ago and its run is about to remove the folder."""
MAX_AGE_SECONDS = 3600.0
"""Beyond JOB_TIMEOUT: then nothing can be using a folder, whatever the rows say."""


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
    """Of a folder such as `0f6a…-x3k2`: the id of a job, and what makes the folder unique."""
    try:
        return UUID(name.rpartition("-")[0])
    except ValueError:
        return None


def _delete(path: Path) -> int:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return 1
