"""What a worker does with a conversion: it makes the format from the scene, and adds the files to the result."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from rq.timeouts import JobTimeoutException

from jobs.core import artifacts, conversions, estimates
from jobs.models import Conversion
from jobs.work import engine_process, work_folders
from jobs.work.patience import until_lease_ends
from jobs.work.runner import OWN_PROCESS
from ml.errors import ReconstructionError, Stopped
from ml.recipe import Recipe
from ml.stages import Listeners, ShouldStop, ignore

logger = logging.getLogger(__name__)

FEWEST_VIEWS: dict[str, Any] = {"frame_count": 1, "frame_size": 64, "renderer": "mesh"}
"""The remix that makes the files also renders a turntable, which nobody keeps."""


def run(conversion_id: str) -> None:
    """Convert unless it was done or taken meanwhile. RQ calls this."""
    conversion = until_lease_ends(lambda: conversions.claim(UUID(conversion_id)))
    if conversion is None:
        logger.info("Conversion %s is not waiting any more", conversion_id)
        return
    try:
        _convert(conversion)
    except DatabaseError:
        raise  # the reconciler sees that this process is gone
    except Exception as error:
        logger.exception("Job %s could not be converted to %s", conversion.job_id, conversion.format)
        code = _failure_code(error)
        until_lease_ends(lambda: conversions.fail(conversion, code))


def _failure_code(error: Exception) -> str:
    if isinstance(error, ReconstructionError):
        return error.code
    if isinstance(error, FileNotFoundError):
        return "source_missing"
    if isinstance(error, MemoryError):
        return "out_of_memory"
    return "timeout" if isinstance(error, Stopped | JobTimeoutException) else "internal"


def _convert(conversion: Conversion) -> None:
    job = conversion.job
    with work_folders.of_run(job.pk) as name:
        source, result = Path(name) / "source", Path(name) / "result"
        source.mkdir()
        result.mkdir()
        artifacts.copy_source(job, source)
        plan = engine_process.Plan(source=source, low_memory=job.low_memory, budgets=estimates.stage_budgets(job))
        listeners = Listeners(ignore, ignore, _stop_in_time())
        engine_process.reconstruct([], recipe_of(conversion), result, listeners, plan)
        conversions.store(conversion, result, until_lease_ends)


def recipe_of(conversion: Conversion) -> Recipe:
    """What the result was made with, numbers and all: in the one format, or as it was if it is archived."""
    job = conversion.job
    made = Recipe.from_dict(job.report.get("recipe") or job.recipe)
    if conversion.format == conversions.ALL:
        return made
    return replace(made, formats=(conversion.format,), **FEWEST_VIEWS)


def _stop_in_time() -> ShouldStop:
    """True after JOB_TIMEOUT, and in a process of its own once its worker is gone."""
    deadline, parent = time.monotonic() + settings.JOB_TIMEOUT, os.getppid()
    return lambda: time.monotonic() > deadline or (bool(os.environ.get(OWN_PROCESS)) and os.getppid() != parent)
