"""What a worker does with a job: claim it, run the pipeline, then store the files or record the failure."""

from __future__ import annotations

import errno
import logging
import os
import time
import traceback
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError
from rq.timeouts import JobTimeoutException

from jobs.core import artifacts, estimates, recovery, routing, storage, transitions
from jobs.core.transitions import Writer
from jobs.models import Job
from jobs.work import engine_process, work_folders
from jobs.work.lease import Lease
from jobs.work.patience import until_lease_ends, until_storage_responds
from jobs.work.settle import settle
from ml.engine_registry import AUTO
from ml.errors import ReconstructionError, Stopped
from ml.recipe import Recipe
from ml.stages import Listeners, OnFile, overall_progress
from reconsite.core import log_context
from reconsite.core.busy import UNAVAILABLE
from reconsite.core.errors import MESSAGES

logger = logging.getLogger(__name__)

PROGRESS_EVERY_SECONDS = 0.5
"""Progress within a stage is saved at most this often: each save is an UPDATE and a message to the open pages."""
OWN_PROCESS = "RECONSITE_WORK_HORSE"
"""Set in the environment of a process that runs only one job."""


def run(job_id: str) -> None:
    """Run the job if it is still queued; an outdated or duplicate queue entry does nothing. RQ calls this."""
    key = UUID(job_id)
    worker = os.environ.get("RQ_WORKER_ID", "")
    token = until_lease_ends(lambda: transitions.claim(key, worker=worker))
    if token is None:
        logger.info("Job %s is not queued any more", job_id)
        return
    with log_context.job(job_id), Lease(key, token, own_process=bool(os.environ.get(OWN_PROCESS))) as lease:
        job = until_lease_ends(lambda: Job.objects.get(pk=key))
        _run_to_end(job, lease)


def _run_to_end(job: Job, lease: Lease) -> None:
    """Whatever the outcome of the pipeline, the row leaves the state `running`."""
    try:
        _run_pipeline(job, lease)
    except Stopped:
        until_lease_ends(lambda: settle(lease.job_id, lease.token, lease.reason))
    except engine_process.EngineLost as error:
        _lose(lease, error)
    except UNAVAILABLE as error:
        logger.warning("Job %s is given back, database or storage is unavailable: %s", job.pk, error)
        until_lease_ends(lambda: recovery.give_back(lease.job_id, lease.token, writer=Writer.WORKER))
    except ReconstructionError as error:
        _fail(lease, error.code, message=error.message)
    except JobTimeoutException:
        _fail(lease, "timeout")
    except MemoryError:
        _fail(lease, "out_of_memory")
    except Exception as error:
        logger.exception("Job %s failed", job.pk)
        _fail(lease, _failure_code(error))


def _run_pipeline(job: Job, lease: Lease) -> None:
    """Make the files from the photos, or from the parent's scene, and store them. Raises whatever goes wrong."""
    with work_folders.of_run(job.pk) as name:
        folder = Path(name) / "result"
        folder.mkdir()
        listeners = Listeners(_Progress(lease), _publish_early(job, lease, folder), lease.should_stop)
        photos = until_storage_responds(lambda: _photos(job))
        source = None if photos else until_storage_responds(lambda: _source(job, Path(name) / "source"))
        plan = engine_process.Plan(source=source, low_memory=job.low_memory, budgets=estimates.stage_budgets(job))
        names, report = engine_process.reconstruct(photos, _recipe(job), folder, listeners, plan)
        if not until_storage_responds(
            lambda: artifacts.store(job, lease.token, folder, names, report, patiently=until_lease_ends)
        ):
            lease.lose()


def _recipe(job: Job) -> Recipe:
    """The job's, with the engine that `auto` means here: a worker may be kept from some that are installed."""
    recipe = job.recipe_object()
    if recipe.engine == AUTO and settings.WORKER_ENGINES:
        return replace(recipe, engine=routing.best(settings.WORKER_ENGINES))
    return recipe


def _photos(job: Job) -> list[bytes]:
    """The stored photos in their order; none for a remix. Raises FileNotFoundError when one is gone."""
    return [storage.read_whole(str(photo.file), photo.file_sha256) for photo in job.photos.all()]


def _source(job: Job, folder: Path) -> Path:
    """A copy of what the remix needs of its parent, which may be deleted meanwhile. Raises ReconstructionError."""
    folder.mkdir(exist_ok=True)
    try:
        artifacts.copy_source(job.parent, folder)
    except FileNotFoundError as error:
        raise ReconstructionError("source_missing", MESSAGES["source_missing"]) from error
    return folder


def _publish_early(job: Job, lease: Lease, folder: Path) -> OnFile:
    """An `on_file` that publishes a file while the run continues."""

    def on_file(name: str) -> None:
        try:
            if not artifacts.store_early(job, lease.token, folder / name):
                lease.lose()
        except UNAVAILABLE as error:  # the result has the file too
            logger.warning("%s of job %s is not published early: %s", name, job.pk, error)

    return on_file


class _Progress:
    """Saves the progress at each new stage, and within a stage at most every PROGRESS_EVERY_SECONDS."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._stage = ""
        self._saved_at = 0.0

    def __call__(self, stage: str, fraction: float) -> None:
        new_stage = stage != self._stage
        if not new_stage and time.monotonic() - self._saved_at < PROGRESS_EVERY_SECONDS:
            return
        self._stage, self._saved_at = stage, time.monotonic()
        progress = overall_progress(stage, fraction)
        job_id, token = self._lease.job_id, self._lease.token
        try:
            if not transitions.report_progress(job_id, token, stage, progress, new_stage=new_stage):
                self._lease.lose()
        except (OperationalError, InterfaceError) as error:  # the next step is saved again
            logger.warning("The progress of job %s was not saved: %s", job_id, error)


def _failure_code(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "photo_missing"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "storage_full"
    return "internal"


def _lose(lease: Lease, error: engine_process.EngineLost) -> None:
    logger.warning("Job %s lost its engine: %s", lease.job_id, error)
    until_lease_ends(
        lambda: recovery.lose(
            lease.job_id, lease.token, writer=Writer.WORKER, detail=str(error), killed=error.was_killed
        )
    )


def _fail(lease: Lease, code: str, message: str = "") -> None:
    detail = traceback.format_exc()
    until_lease_ends(
        lambda: transitions.fail(
            lease.job_id, code, writer=Writer.WORKER, token=lease.token, message=message, detail=detail
        )
    )
